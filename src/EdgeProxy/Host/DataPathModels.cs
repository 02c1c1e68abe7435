using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
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
        for (AiOperation operation = 0; operation < AiOperation.Count; operation++)
        {
            if (metrics.Known(operation) is { } known)
            {
                string word = Encoding.ASCII.GetString(AiOperations.WordOf(operation));
                CollectOperation(samples, known, [new MetricLabel("gen_ai_operation_name", word), .. labels]);
            }
        }

        void Add(string name, string help, TokenCount count) =>
            samples.Add(new MetricSample(name, help, MetricKind.Counter, metrics.Read(count), labels));
    }

    // OpenTelemetry's conventions for GenAI clients; families of theirs, in their buckets.
    private static void CollectOperation(
        ICollection<MetricSample> samples, OperationMetrics metrics, MetricLabel[] labels)
    {
        const string Usage = "Tokens of a call, as the provider counted them.";
        AddHistogram(samples, metrics, OperationSeries.Input, UsageFamily, Usage,
            [.. labels, new MetricLabel("gen_ai_token_type", "input")]);
        AddHistogram(samples, metrics, OperationSeries.Output, UsageFamily, Usage,
            [.. labels, new MetricLabel("gen_ai_token_type", "output")]);
        AddHistogram(samples, metrics, OperationSeries.FirstChunk,
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From when a stream was asked for to its first word.", labels);
        for (CallOutcome outcome = CallOutcome.Ok; outcome <= CallOutcomes.LastError; outcome++)
        {
            MetricLabel[] typed = CallOutcomes.IsError(outcome)
                ? [.. labels, new MetricLabel("error_type", Encoding.ASCII.GetString(CallOutcomes.WordOf(outcome)))]
                : labels;
            AddHistogram(samples, metrics, OperationSeries.Duration + (int)outcome,
                "gen_ai_client_operation_duration_seconds",
                "From when a provider was asked to the end of its answer.", typed);
        }
    }

    // Nothing of what was never counted.
    private static void AddHistogram(
        ICollection<MetricSample> samples, OperationMetrics metrics, OperationSeries series, string family,
        string help, MetricLabel[] labels)
    {
        ReadOnlySpan<long> bounds = OperationMetrics.BoundsOf(series);
        double unit = series is OperationSeries.Input or OperationSeries.Output ? 1 : 1e6;
        Span<long> counts = stackalloc long[bounds.Length + 1];
        long count = 0;
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            count += metrics.ReadBucket(series, bucket);
            counts[bucket] = count;
        }

        for (int bucket = 0; count > 0 && bucket < counts.Length; bucket++)
        {
            string bound = bucket == bounds.Length ? "+Inf"
                : (bounds[bucket] / unit).ToString(CultureInfo.InvariantCulture);
            samples.Add(new MetricSample(family, help, MetricKind.Histogram, counts[bucket],
                [.. labels, new MetricLabel("le", bound)], "_bucket"));
        }

        if (count > 0)
        {
            double sum = metrics.ReadSum(series) / unit;
            samples.Add(new MetricSample(family, help, MetricKind.Histogram, sum, labels, "_sum"));
            samples.Add(new MetricSample(family, help, MetricKind.Histogram, count, labels, "_count"));
        }
    }
}
