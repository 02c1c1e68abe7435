using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

/// <summary>What was counted before and after a deployment, with a clock of the test's.</summary>
public sealed class DeploymentEffectsTests
{
    private readonly ManualTime _time = new();
    private readonly DeploymentEffects _effects;
    private Dictionary<string, TrafficCounts> _counts = new() { [""] = Counts(0, 0) };

    public DeploymentEffectsTests() => _effects = new DeploymentEffects(_time, () => _counts);

    [Fact]
    public void Deployment_IsBetweenWhatWasBeforeAndAfter()
    {
        _effects.Refresh();
        Pass(TimeSpan.FromMinutes(1), "app", 100, 1);
        Deployment deployment = Mark("app");
        Pass(TimeSpan.FromMinutes(2), "app", 150, 26);

        DeploymentEffect effect = _effects.Of(deployment)!;

        Assert.Equal(("app", 100L, 1L, 50L, 25L),
            (effect.Service, effect.Before.Requests, effect.Before.Errors, effect.After.Requests, effect.After.Errors));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)), (effect.BeforeFor, effect.AfterFor));
        Assert.Equal((0.01, 0.5), (effect.Before.ErrorRate, effect.After.ErrorRate));
    }

    [Fact]
    public void Window_EndsAtItsEnd()
    {
        for (int i = 0; i < 3 * DeploymentLimits.EffectLooks; i++)
        {
            Pass(DeploymentEffects.Step, "app", 10 * i, 0);
            _effects.Refresh();
        }

        Deployment deployment = Mark("app");
        for (int i = 1; i <= 2 * DeploymentLimits.EffectLooks; i++)
        {
            Pass(DeploymentEffects.Step, "app", 590 + i, i);
            _effects.Refresh();
        }

        DeploymentEffect effect = _effects.Of(deployment)!;
        Assert.Equal((10L * DeploymentLimits.EffectLooks, DeploymentLimits.EffectWindow),
            (effect.Before.Requests, effect.BeforeFor));
        Assert.Equal((DeploymentLimits.EffectLooks, DeploymentLimits.EffectWindow),
            ((int)effect.After.Errors, effect.AfterFor));
    }

    [Fact]
    public void NameThatIsNotHere_IsMeasuredByAllRequests()
    {
        _effects.Refresh();
        Pass(TimeSpan.FromMinutes(1), "", 7, 0);

        Assert.Equal(("", 7L), (_effects.Of(Mark("elsewhere"))!.Service, _effects.Of(Mark("other"))!.Before.Requests));
    }

    [Fact]
    public void ToldLate_IsMeasuredFromWhenItWas()
    {
        _effects.Refresh();
        Pass(DeploymentEffects.Step, "app", 10, 0);
        _effects.Refresh();
        DateTimeOffset then = _time.GetUtcNow();
        Pass(DeploymentEffects.Step, "app", 30, 20);
        _effects.Refresh();

        DeploymentEffect effect = _effects.Of(Mark("app", then))!;

        Assert.Equal((10L, 0L, 20L, 20L),
            (effect.Before.Requests, effect.Before.Errors, effect.After.Requests, effect.After.Errors));
    }

    [Fact]
    public void Forgotten_WithItsDeployment()
    {
        Deployment one = Mark("a");
        Deployment other = Mark("b");

        _effects.Keep([other]);

        Assert.Null(_effects.Of(one));
        Assert.NotNull(_effects.Of(other));
    }

    [Fact]
    public void Quantile_IsWithinItsBucket()
    {
        var metrics = new DurationMetrics(1);
        for (int i = 0; i < 99; i++)
        {
            metrics.Of(0, Method.Get, 1).Add(4_000);
        }

        metrics.Of(0, Method.Get, 4).Add(200_000);
        metrics.Of(0, Method.Get, Outcome.Cancelled).Add(1_000);
        TrafficCounts counts = TrafficCounts.None.With(metrics, new DurationSum());

        Assert.Equal((101L, 1L), (counts.Requests, counts.Errors));
        Assert.InRange(counts.QuantileMs(0.5), 2.4, 2.6);
        Assert.InRange(counts.QuantileMs(1), 249.9, 250.1);
        Assert.Equal(0, TrafficCounts.None.QuantileMs(0.99));
    }

    private void Pass(TimeSpan time, string service, long requests, long errors)
    {
        _time.Advance(time);
        _counts = new Dictionary<string, TrafficCounts>(_counts) { [service] = Counts(requests, errors) };
    }

    private Deployment Mark(string service, DateTimeOffset? at = null)
    {
        var deployment = new Deployment
        {
            Service = service,
            Version = "2",
            Source = "api",
            At = at ?? _time.GetUtcNow(),
        };
        _effects.Note(deployment);
        return deployment;
    }

    private static TrafficCounts Counts(long requests, long errors)
    {
        long[] buckets = new long[DurationHistogram.BucketCount];
        buckets[0] = requests;
        return new TrafficCounts(requests, errors, buckets);
    }
}
