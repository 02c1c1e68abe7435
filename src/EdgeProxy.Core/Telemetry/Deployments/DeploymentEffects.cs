using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>What was counted within the window before a deployment, and since it, at most as long.</summary>
/// <param name="Service">Whose tries; empty: all requests, as nothing here has the deployment's name.</param>
internal sealed record DeploymentEffect(
    string Service, TrafficCounts Before, TimeSpan BeforeFor, TrafficCounts After, TimeSpan AfterFor);

/// <summary>
/// Error rate and durations before and after each deployment: counts are looked at every few seconds and kept for a
/// window, so that a deployment finds what was before it. Any thread.
/// </summary>
/// <param name="read">Counts by service; those of all requests under the empty name.</param>
internal sealed class DeploymentEffects(TimeProvider time, Func<IReadOnlyDictionary<string, TrafficCounts>> read)
{
    private readonly Lock _lock = new();
    private readonly Queue<Look> _looks = new();
    private readonly Dictionary<Deployment, Mark> _marks = [];

    /// <summary>How often <see cref="Refresh"/> wants to be called.</summary>
    public static TimeSpan Step { get; } = DeploymentLimits.EffectWindow / DeploymentLimits.EffectLooks;

    /// <summary>Looks at the counts: for deployments to come, and for those whose window is not over.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            Look now = LookNow();
            _looks.Enqueue(now);
            if (_looks.Count > DeploymentLimits.EffectLooks + 1)
            {
                _looks.Dequeue();
            }

            foreach (Mark mark in _marks.Values)
            {
                mark.Follow(now);
            }
        }
    }

    /// <summary>It was deployed when it says, or while the counts kept reach back to then.</summary>
    public void Note(Deployment deployment)
    {
        lock (_lock)
        {
            Look now = LookNow();
            Look? oldest = null;
            Look at = now;
            foreach (Look look in _looks)
            {
                oldest ??= look;
                if (look.Time >= deployment.At && look.Time < at.Time)
                {
                    at = look;
                }
            }

            var mark = new Mark(deployment.Service, oldest ?? at, at);
            mark.Follow(now);
            _marks[deployment] = mark;
        }
    }

    /// <summary>Null if nothing is known of it.</summary>
    public DeploymentEffect? Of(Deployment deployment)
    {
        lock (_lock)
        {
            if (!_marks.TryGetValue(deployment, out Mark? mark))
            {
                return null;
            }

            mark.Follow(LookNow());
            return mark.Effect;
        }
    }

    /// <summary>Forgets all deployments but these.</summary>
    public void Keep(IReadOnlyList<Deployment> deployments)
    {
        lock (_lock)
        {
            var known = new HashSet<Deployment>(deployments);
            foreach (Deployment deployment in new List<Deployment>(_marks.Keys))
            {
                if (!known.Contains(deployment))
                {
                    _marks.Remove(deployment);
                }
            }
        }
    }

    private Look LookNow() => new(time.GetUtcNow(), read());

    private sealed record Look(DateTimeOffset Time, IReadOnlyDictionary<string, TrafficCounts> Counts)
    {
        public TrafficCounts Of(string service) => Counts.GetValueOrDefault(service) ?? TrafficCounts.None;
    }

    private sealed class Mark
    {
        private readonly string _service;
        private readonly TrafficCounts _before;
        private readonly TimeSpan _beforeFor;
        private readonly TrafficCounts _start;
        private readonly DateTimeOffset _startTime;

        public Mark(string service, Look oldest, Look at)
        {
            _service = service.Length > 0 && at.Counts.ContainsKey(service) ? service : "";
            _start = at.Of(_service);
            _startTime = at.Time;
            _before = _start.Since(oldest.Of(_service));
            _beforeFor = at.Time - oldest.Time;
            Effect = new DeploymentEffect(_service, _before, _beforeFor, TrafficCounts.None, TimeSpan.Zero);
        }

        public DeploymentEffect Effect { get; private set; }

        public void Follow(Look now)
        {
            TimeSpan since = now.Time - _startTime;
            if (since <= DeploymentLimits.EffectWindow)
            {
                Effect = Effect with { After = now.Of(_service).Since(_start), AfterFor = since };
            }
        }
    }
}
