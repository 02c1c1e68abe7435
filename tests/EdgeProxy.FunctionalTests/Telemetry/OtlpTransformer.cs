using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>
/// The decoder of OpenTelemetry for JavaScript (npm install @opentelemetry/otlp-transformer@0.203.0 protobufjs@7), in
/// the folder that EDGEPROXY_NODE_MODULES names.
/// </summary>
internal sealed class OtlpTransformer
{
    private readonly string _node;

    private OtlpTransformer(string node) => _node = node;

    /// <summary>Skips where it is not installed.</summary>
    public static OtlpTransformer Require()
    {
        string? modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES");
        Assert.SkipUnless(
            modules is not null && Directory.Exists(Path.Combine(modules, "@opentelemetry", "otlp-transformer")),
            "EDGEPROXY_NODE_MODULES names no folder with @opentelemetry/otlp-transformer");
        string? node = External.Find("node");
        Assert.SkipWhen(node is null, "node is not installed");
        return new OtlpTransformer(node!);
    }

    public async Task<List<OtlpSpan>> SpansAsync(IReadOnlyList<byte[]> requests) =>
        await ItemsAsync("traces", "resourceSpans", "scopeSpans", "spans", requests, static span => new OtlpSpan
        {
            TraceId = Hex(span, "traceId"),
            SpanId = Hex(span, "spanId"),
            ParentId = Hex(span, "parentSpanId"),
            Name = Text(span, "name"),
            Kind = (int)Number(span, "kind"),
            StartNanos = Long(span, "startTimeUnixNano"),
            EndNanos = Long(span, "endTimeUnixNano"),
            Attributes = Attributes(span),
            StatusMessage = span.TryGetProperty("status", out JsonElement status) ? Text(status, "message") : "",
            StatusCode = span.TryGetProperty("status", out status) ? (int)Number(status, "code") : 0,
            Flags = (ulong)Number(span, "flags"),
        });

    public async Task<List<OtlpLog>> LogsAsync(IReadOnlyList<byte[]> requests) =>
        await ItemsAsync("logs", "resourceLogs", "scopeLogs", "logRecords", requests, static log => new OtlpLog
        {
            TimeNanos = Long(log, "timeUnixNano"),
            ObservedNanos = Long(log, "observedTimeUnixNano"),
            Severity = (int)Number(log, "severityNumber"),
            SeverityText = Text(log, "severityText"),
            Body = log.TryGetProperty("body", out JsonElement body) ? Value(body) : "",
            Attributes = Attributes(log),
            TraceId = Hex(log, "traceId"),
            SpanId = Hex(log, "spanId"),
            Flags = (ulong)Number(log, "flags"),
            EventName = Text(log, "eventName"),
        });

    public async Task<List<OtlpMetric>> MetricsAsync(IReadOnlyList<byte[]> requests) =>
        await ItemsAsync("metrics", "resourceMetrics", "scopeMetrics", "metrics", requests, static metric =>
        {
            string kind = ((string[])["gauge", "sum", "histogram"]).Single(k => metric.TryGetProperty(k, out _));
            JsonElement data = metric.GetProperty(kind);
            return new OtlpMetric
            {
                Name = Text(metric, "name"),
                Description = Text(metric, "description"),
                Unit = Text(metric, "unit"),
                Kind = kind,
                Temporality = (int)Number(data, "aggregationTemporality"),
                IsMonotonic = data.TryGetProperty("isMonotonic", out JsonElement monotonic) && monotonic.GetBoolean(),
                Points = [.. All(data, "dataPoints").Select(PointOf)],
            };
        });

    private static OtlpPoint PointOf(JsonElement point) => new()
    {
        StartNanos = Long(point, "startTimeUnixNano"),
        TimeNanos = Long(point, "timeUnixNano"),
        Attributes = Attributes(point),
        Value = Number(point, "asDouble"),
        Count = Long(point, "count"),
        Sum = Number(point, "sum"),
        Buckets = [.. All(point, "bucketCounts").Select(static b => ulong.Parse(b.GetString()!, null))],
        Bounds = [.. All(point, "explicitBounds").Select(static b => b.GetDouble())],
        ExemplarTraces = [.. All(point, "exemplars").Select(static e => Hex(e, "traceId"))],
    };

    private async Task<List<T>> ItemsAsync<T>(
        string signal, string resources, string scopes, string items, IReadOnlyList<byte[]> requests,
        Func<JsonElement, T> read)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-decoder-");
        try
        {
            string[] files = [.. requests.Select((_, i) => Path.Combine(folder.FullName, $"{i}.pb"))];
            for (int i = 0; i < files.Length; i++)
            {
                await File.WriteAllBytesAsync(files[i], requests[i]);
            }

            CommandResult result = await CommandResult.RunAsync(
                _node, [Path.Combine(AppContext.BaseDirectory, "Telemetry", "decode.cjs"), signal, .. files]);
            Assert.True(result.ExitCode == 0, result.ToString());
            return
            [
                .. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(static line => JsonDocument.Parse(line).RootElement)
                    .SelectMany(root => All(root, resources)).SelectMany(resource => All(resource, scopes))
                    .SelectMany(scope => All(scope, items)).Select(read),
            ];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static JsonElement.ArrayEnumerator All(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) ? list.EnumerateArray() : default;

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement text) ? text.GetString()! : "";

    private static double Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement number) ? number.GetDouble() : 0;

    private static ulong Long(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement number)
            ? ulong.Parse(number.GetString()!, CultureInfo.InvariantCulture)
            : 0;

    private static string Hex(JsonElement element, string name) =>
        Convert.ToHexStringLower(Convert.FromBase64String(Text(element, name)));

    private static Dictionary<string, object> Attributes(JsonElement element) => All(element, "attributes")
        .ToDictionary(static pair => Text(pair, "key"), static pair => Value(pair.GetProperty("value")));

    private static object Value(JsonElement value) => value.EnumerateObject().Single() switch
    {
        { Name: "stringValue" } text => text.Value.GetString()!,
        { Name: "boolValue" } flag => flag.Value.GetBoolean(),
        { Name: "intValue" } number => long.Parse(number.Value.GetString()!, CultureInfo.InvariantCulture),
        { Name: "doubleValue" } number => number.Value.GetDouble(),
        var other => throw new InvalidDataException(other.Name),
    };
}
