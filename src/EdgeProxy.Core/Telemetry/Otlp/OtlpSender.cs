using System;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Sends what is in the spool, one request at a time: deployments, metrics, logs, traces. A collector that is away is
/// asked again ever more seldom, by lot, so that a fleet does not come back as one; what waited is then sent at a
/// limited rate. Metrics do not wait in the spool: they add up, and the next request has all of it.
/// </summary>
internal sealed class OtlpSender : IDisposable
{
    // What was stored longer ago is a backlog.
    private static readonly TimeSpan BacklogAge = TimeSpan.FromSeconds(10);

    private readonly Spool _spool;
    private readonly IOtlpTransport _transport;
    private readonly TimeProvider _time;
    private readonly OtlpSenderSettings _settings;
    private readonly SemaphoreSlim _work = new(0, 1);
    private byte[] _buffer = new byte[64 * 1024];
    private long _notBefore;
    private long _metricsDueAt;
    private int _failures;

    public OtlpSender(Spool spool, IOtlpTransport transport, TimeProvider time, OtlpSenderSettings settings)
    {
        _spool = spool;
        _transport = transport;
        _time = time;
        _settings = settings;
        _metricsDueAt = time.GetTimestamp() + Ticks(settings.MetricsInterval);
        _notBefore = time.GetTimestamp();
    }

    /// <summary>Requests the collector took.</summary>
    public long Sent { get; private set; }

    /// <summary>Requests that have to be sent again.</summary>
    public long Failed { get; private set; }

    /// <summary>Bytes the collector took, compressed.</summary>
    public long SentBytes { get; private set; }

    /// <summary>The last request was not answered well.</summary>
    public bool IsAway => Volatile.Read(ref _failures) > 0;

    /// <summary>Something was stored.</summary>
    public void Wake()
    {
        try
        {
            _work.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    public void Dispose() => _work.Dispose();

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            TimeSpan wait = await TryStepAsync(stop).ConfigureAwait(false);
            if (wait > TimeSpan.Zero)
            {
                await WaitAsync(wait, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends at most one request; how long to wait for the next, unless something is stored before.</summary>
    public async Task<TimeSpan> StepAsync(CancellationToken stop)
    {
        long now = _time.GetTimestamp();
        if (now < _notBefore)
        {
            return _time.GetElapsedTime(now, _notBefore);
        }

        if (_spool.TryPeek(OtlpKind.Deployments, ref _buffer, out SpoolEntry entry))
        {
            return await SendAsync(OtlpKind.Deployments, entry, stop).ConfigureAwait(false);
        }

        if (_settings.Metrics is { } metrics && now >= _metricsDueAt)
        {
            return await SendMetricsAsync(metrics, stop).ConfigureAwait(false);
        }

        foreach (OtlpKind kind in (ReadOnlySpan<OtlpKind>)[OtlpKind.Logs, OtlpKind.Traces])
        {
            if (_spool.TryPeek(kind, ref _buffer, out entry))
            {
                return await SendAsync(kind, entry, stop).ConfigureAwait(false);
            }
        }

        return _settings.Metrics is null
            ? _settings.MetricsInterval
            : _time.GetElapsedTime(now, Math.Max(now + 1, _metricsDueAt));
    }

    // Nobody would start it again: a mistake of ours costs a request, not all that follow.
    private async Task<TimeSpan> TryStepAsync(CancellationToken stop)
    {
        try
        {
            return await StepAsync(stop).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any: it is told as the collector's would be, and tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return stop.IsCancellationRequested
                ? TimeSpan.Zero
                : BackOff(new OtlpAnswer(OtlpVerdict.Later, Why: $"error of ours: {exception.Message}"));
        }
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task work = _work.WaitAsync(either.Token);
        Task time = Task.Delay(wait, _time, either.Token);
        await Task.WhenAny(work, time).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(work, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TimeSpan> SendAsync(OtlpKind kind, SpoolEntry entry, CancellationToken stop)
    {
        OtlpAnswer answer = await _transport.SendAsync(kind, _buffer.AsMemory(0, entry.Length), stop)
            .ConfigureAwait(false);
        if (answer.Verdict == OtlpVerdict.Later)
        {
            return stop.IsCancellationRequested ? TimeSpan.Zero : BackOff(answer);
        }

        _spool.Acknowledge(kind);
        Note(answer, entry.Length);
        if (answer.Verdict == OtlpVerdict.Refused)
        {
            _spool.NoteLost(kind, SpoolLoss.Refused, entry.Count);
            _settings.OnRefused?.Invoke(kind, answer.Why);
        }
        else
        {
            _spool.NoteLost(kind, SpoolLoss.Rejected, Math.Min(answer.Rejected, entry.Count));
        }

        TimeSpan age = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(entry.UnixMs);
        if (age < BacklogAge || _settings.DrainBytesPerSecond == 0)
        {
            return TimeSpan.Zero;
        }

        var pause = TimeSpan.FromSeconds(entry.Length / (double)_settings.DrainBytesPerSecond);
        _notBefore = _time.GetTimestamp() + Ticks(pause);
        return pause;
    }

    private async Task<TimeSpan> SendMetricsAsync(Func<ReadOnlyMemory<byte>> metrics, CancellationToken stop)
    {
        ReadOnlyMemory<byte> request = metrics();
        OtlpAnswer answer = await _transport.SendAsync(OtlpKind.Metrics, request, stop).ConfigureAwait(false);
        if (answer.Verdict == OtlpVerdict.Later)
        {
            return stop.IsCancellationRequested ? TimeSpan.Zero : BackOff(answer);
        }

        _metricsDueAt = _time.GetTimestamp() + Ticks(_settings.MetricsInterval);
        Note(answer, request.Length);
        if (answer.Verdict == OtlpVerdict.Refused)
        {
            _spool.NoteLost(OtlpKind.Metrics, SpoolLoss.Refused, 1);
            _settings.OnRefused?.Invoke(OtlpKind.Metrics, answer.Why);
        }

        return TimeSpan.Zero;
    }

    private void Note(in OtlpAnswer answer, int bytes)
    {
        if (answer.Verdict == OtlpVerdict.Taken)
        {
            Sent++;
            SentBytes += bytes;
        }

        if (_failures > 0)
        {
            Volatile.Write(ref _failures, 0);
            _settings.OnBack?.Invoke();
        }
    }

    // Full jitter: a lot between 0 and the bound, which doubles (AWS Architecture Blog, "Exponential Backoff and
    // Jitter"). What the collector asks for is waited in any case.
    private TimeSpan BackOff(in OtlpAnswer answer)
    {
        Failed++;
        if (_failures == 0)
        {
            _settings.OnAway?.Invoke(answer.Why);
        }

        double bound = Math.Min(
            OtlpLimits.BackoffMax.TotalSeconds,
            OtlpLimits.BackoffFirst.TotalSeconds * Math.Pow(2, Math.Min(_failures, 30)));
        Volatile.Write(ref _failures, _failures + 1);
        TimeSpan asked = answer.RetryAfter < OtlpLimits.RetryAfterMax ? answer.RetryAfter : OtlpLimits.RetryAfterMax;
        TimeSpan pause = asked + TimeSpan.FromSeconds(bound * _settings.Lot());
        _notBefore = _time.GetTimestamp() + Ticks(pause);
        return pause;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}

/// <summary>What a sender is told.</summary>
internal sealed record OtlpSenderSettings
{
    public TimeSpan MetricsInterval { get; init; } = OtlpLimits.MetricsIntervalDefault;

    /// <summary>All metrics as they are now, compressed; null if none are sent.</summary>
    public Func<ReadOnlyMemory<byte>>? Metrics { get; init; }

    public long DrainBytesPerSecond { get; init; }

    /// <summary>0 to 1, by lot.</summary>
    public required Func<double> Lot { get; init; }

    /// <summary>The collector went away: why.</summary>
    public Action<string>? OnAway { get; init; }

    public Action? OnBack { get; init; }

    /// <summary>It will not have a request: why.</summary>
    public Action<OtlpKind, string>? OnRefused { get; init; }
}
