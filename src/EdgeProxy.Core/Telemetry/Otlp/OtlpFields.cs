namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Field numbers of opentelemetry-proto v1 (opentelemetry-proto 1.7.0, package opentelemetry.proto).</summary>
internal static class OtlpFields
{
    // Export*ServiceRequest, Resource*, Scope*: the same numbers for the three signals.
    public const int RequestResources = 1;
    public const int ResourceOfSignal = 1;
    public const int Scopes = 2;
    public const int ScopeOfSignal = 1;
    public const int Items = 2;
    public const int ResourceAttributes = 1;
    public const int ScopeName = 1;
    public const int ScopeVersion = 2;
    public const int SchemaUrl = 3;

    public const int Key = 1;
    public const int Value = 2;
    public const int StringValue = 1;
    public const int BoolValue = 2;
    public const int IntValue = 3;
    public const int DoubleValue = 4;
    public const int ArrayValue = 5;
    public const int ArrayItem = 1;

    public const int SpanTraceId = 1;
    public const int SpanSpanId = 2;
    public const int SpanParentSpanId = 4;
    public const int SpanName = 5;
    public const int SpanKind = 6;
    public const int SpanStart = 7;
    public const int SpanEnd = 8;
    public const int SpanAttributes = 9;
    public const int SpanStatus = 15;
    public const int SpanFlags = 16;
    public const int StatusMessage = 2;
    public const int StatusCode = 3;

    public const int LogTime = 1;
    public const int LogSeverity = 2;
    public const int LogSeverityText = 3;
    public const int LogBody = 5;
    public const int LogAttributes = 6;
    public const int LogFlags = 8;
    public const int LogTraceId = 9;
    public const int LogSpanId = 10;
    public const int LogObservedTime = 11;
    public const int LogEventName = 12;

    public const int MetricName = 1;
    public const int MetricDescription = 2;
    public const int MetricUnit = 3;
    public const int MetricGauge = 5;
    public const int MetricSum = 7;
    public const int MetricHistogram = 9;
    public const int Points = 1;
    public const int Temporality = 2;
    public const int IsMonotonic = 3;
    public const int Cumulative = 2;

    public const int PointStart = 2;
    public const int PointTime = 3;
    public const int NumberDouble = 4;
    public const int NumberAttributes = 7;
    public const int HistogramCount = 4;
    public const int HistogramSum = 5;
    public const int HistogramBuckets = 6;
    public const int HistogramBounds = 7;
    public const int HistogramExemplars = 8;
    public const int HistogramAttributes = 9;
    public const int ExemplarTime = 2;
    public const int ExemplarDouble = 3;
    public const int ExemplarSpanId = 4;
    public const int ExemplarTraceId = 5;

    // Export*ServiceResponse
    public const int PartialSuccess = 1;
    public const int Rejected = 1;
    public const int RejectedWhy = 2;
}
