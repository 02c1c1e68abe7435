using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Control;

namespace EdgeProxy.Host;

/// <content>What AI services count, for /metrics: by what the configuration names, never a client.</content>
internal sealed partial class DataPath
{
    private const string UsageFamily = "gen_ai_client_token_usage";

    private void CollectModels(ICollection<MetricSample> samples)
    {
        if (_ai is not { Services.Count: > 0 } ai)
        {
            return;
        }

        Gauge(samples, "edgeproxy_ai_buffered_bytes", "Memory that request bodies read whole take now.",
            ai.BufferedBytes);
        CollectFindings(samples, ai.Findings);
        foreach (AiService service in ai.Services)
        {
            foreach (ModelEntry model in service.Models)
            {
                // Several targets at one provider are counted together.
                var seen = new HashSet<TokenMetrics>();
                foreach (ModelTarget target in model.Targets)
                {
                    if (seen.Add(target.Metrics))
                    {
                        Collect(samples, target.Metrics,
                        [
                            new MetricLabel("service", service.Name),
                            new MetricLabel("gen_ai_request_model", model.Name.Text),
                            new MetricLabel("gen_ai_provider_name", target.Provider.Settings.Name),
                        ]);
                    }
                }
            }
        }
    }

    private static void CollectFindings(ICollection<MetricSample> samples, GuardFindings findings)
    {
        foreach ((FindingLabels labels, long count) in findings.Read())
        {
            samples.Add(new MetricSample("edgeproxy_ai_guard_findings_total", "Findings of guards, by rule.",
                MetricKind.Counter, count,
                [
                    new MetricLabel("guard", labels.Guard),
                    new MetricLabel("side", labels.Side),
                    new MetricLabel("rule", labels.Rule),
                    new MetricLabel("action", labels.Action),
                    new MetricLabel("report_only", labels.IsReportOnly ? "true" : "false"),
                ]));
        }
    }

    private static void Collect(ICollection<MetricSample> samples, TokenMetrics metrics, MetricLabel[] labels)
    {
        Add("edgeproxy_ai_calls_total", "Calls a provider was asked for.", TokenCount.Calls);
        Add("edgeproxy_ai_calls_failed_total", "Calls without a whole good answer.", TokenCount.Failed);
        Add("edgeproxy_ai_stream_errors_total", "Errors that came within an answer.", TokenCount.StreamErrors);
        Add("edgeproxy_ai_calls_without_usage_total", "Answers that did not tell their tokens.",
            TokenCount.WithoutUsage);
        Add("edgeproxy_ai_cached_tokens_total", "Tokens of prompts that came from a provider's cache.",
            TokenCount.CachedTokens);
        Add("edgeproxy_ai_reasoning_tokens_total", "Tokens of answers that nobody sees.", TokenCount.ReasoningTokens);
        Add("edgeproxy_ai_cost_micro_units_total", "What calls cost by the prices configured, in micro-units.",
            TokenCount.Cost);
        Add("edgeproxy_ai_offline_calls_total", "Calls that went to a model for when the link is down.",
            TokenCount.Offline);
        Add("edgeproxy_ai_estimated_tokens_total", "Tokens of prompts and answers that providers did not tell of.",
            TokenCount.Estimated);
        AddHistogram(samples, metrics, labels, "input", TokenCount.InputTokens);
        AddHistogram(samples, metrics, labels, "output", TokenCount.OutputTokens);

        void Add(string name, string help, TokenCount count) =>
            samples.Add(new MetricSample(name, help, MetricKind.Counter, metrics.Read(count), labels));
    }

    private static void AddHistogram(
        ICollection<MetricSample> samples, TokenMetrics metrics, MetricLabel[] labels, string type, TokenCount sum)
    {
        const string Help = "Tokens of a call, as the provider counted them.";
        bool isOutput = sum == TokenCount.OutputTokens;
        MetricLabel[] typed = [.. labels, new MetricLabel("gen_ai_token_type", type)];
        long count = 0;
        for (int bucket = 0; bucket <= TokenMetrics.BucketBounds.Length; bucket++)
        {
            count += metrics.ReadBucket(bucket, isOutput);
            string bound = bucket == TokenMetrics.BucketBounds.Length ? "+Inf"
                : TokenMetrics.BucketBounds[bucket].ToString(System.Globalization.CultureInfo.InvariantCulture);
            samples.Add(new MetricSample(UsageFamily, Help, MetricKind.Histogram, count,
                [.. typed, new MetricLabel("le", bound)], "_bucket"));
        }

        samples.Add(new MetricSample(UsageFamily, Help, MetricKind.Histogram, metrics.Read(sum), typed, "_sum"));
        samples.Add(new MetricSample(UsageFamily, Help, MetricKind.Histogram, count, typed, "_count"));
    }
}
