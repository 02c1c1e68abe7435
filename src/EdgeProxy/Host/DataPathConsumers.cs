using System.Collections.Generic;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Host;

/// <content>
/// What is counted of routers and consumers, by the names that the configuration has and no others; consumers for
/// /metrics.
/// </content>
internal sealed partial class DataPath
{
    private ConsumerDirectory? _consumers;

    private RequestCounts PrepareCounts(ProxySettings settings)
    {
        var routers = new List<string>(settings.Routers.Count);
        foreach (RouterSettings router in settings.Routers)
        {
            routers.Add(router.Name);
        }

        return new RequestCounts(
            _durations!.Prepare(routers), _durations.Unrouted, _consumers!.Prepare(settings.ConsumerNames));
    }

    private void CommitCounts(RequestCounts counts)
    {
        _durations!.Commit(counts.ByRouter);
        _consumers!.Commit(counts.ByConsumer);
    }

    private void CollectConsumers(ICollection<MetricSample> samples)
    {
        if (_consumers is { } consumers)
        {
            ConsumerSamples.Collect(consumers.Current, samples);
        }
    }
}
