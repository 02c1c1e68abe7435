using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Control;
using EdgeProxy.Host;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class ConsumerSamplesTests
{
    // Who never came takes nobody's place.
    [Fact]
    public void Places_AreOfThoseThatCame()
    {
        List<KeyValuePair<string, ConsumerMetrics>> consumers = Consumers(TelemetryLimits.ConsumersMax + 3);
        Ask(consumers[^1].Value);
        Ask(consumers[^2].Value);

        (string[] shown, double leftOut) = Collect(consumers);

        Assert.Equal(["c2001", "c2002"], shown);
        Assert.Equal(0, leftOut);
    }

    [Fact]
    public void OverTheMost_TheRestIsCounted()
    {
        List<KeyValuePair<string, ConsumerMetrics>> consumers = Consumers(TelemetryLimits.ConsumersMax + 5);
        foreach ((string name, ConsumerMetrics metrics) in consumers)
        {
            if (name is not ("c0" or "c2003"))
            {
                Ask(metrics);
            }
        }

        (string[] shown, double leftOut) = Collect(consumers);

        Assert.Equal(consumers.Skip(1).Take(TelemetryLimits.ConsumersMax).Select(static one => one.Key), shown);
        Assert.Equal(3, leftOut); // c2001, c2002, c2004
    }

    [Fact]
    public void NoConsumers_NothingIsSaid()
    {
        var samples = new List<MetricSample>();
        ConsumerSamples.Collect([], samples);
        Assert.Empty(samples);
    }

    private static List<KeyValuePair<string, ConsumerMetrics>> Consumers(int count) =>
        [.. Enumerable.Range(0, count).Select(static i => KeyValuePair.Create($"c{i}", new ConsumerMetrics(1)))];

    private static void Ask(ConsumerMetrics metrics) =>
        metrics.Add(0, Outcome.Of(200, FaultKind.None), isRefused: false, isReported: false);

    private static (string[] Shown, double LeftOut) Collect(List<KeyValuePair<string, ConsumerMetrics>> consumers)
    {
        var samples = new List<MetricSample>();
        ConsumerSamples.Collect(consumers, samples);
        string[] shown = [.. samples
            .Where(static sample => sample.Family == "edgeproxy_consumer_requests_total")
            .Select(static sample => sample.Labels[0].Value)];
        return (shown, Assert.Single(samples, static sample => sample.Family == "edgeproxy_consumers_left_out").Value);
    }
}
