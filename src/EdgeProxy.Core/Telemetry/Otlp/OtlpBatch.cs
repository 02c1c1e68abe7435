using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>What all of a process's telemetry says of it.</summary>
internal sealed record OtlpResource(params (string Key, string Value)[] Attributes)
{
    public const string ScopeName = "edgeproxy";
    public const string SchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

    public string ScopeVersion { get; init; } = "";
}

/// <summary>
/// One Export*ServiceRequest in the making: resource and scope once, then items. Full at a number of items or bytes.
/// </summary>
internal sealed class OtlpBatch
{
    private readonly OtlpResource _resource;
    private int _resourceAt;
    private int _scopeAt;

    public OtlpBatch(OtlpResource resource)
    {
        _resource = resource;
        Begin();
    }

    /// <summary>Items are written here, with <see cref="OtlpFields.Items"/> as their field.</summary>
    public ProtoWriter Writer { get; } = new();

    public int Count { get; set; }

    public bool IsEmpty => Count == 0;

    public bool IsFull => Count >= OtlpLimits.BatchItems || Writer.Position >= OtlpLimits.BatchBytes;

    /// <summary>Completes it; to be read before <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        Writer.End(_scopeAt);
        Writer.Text(OtlpFields.SchemaUrl, OtlpResource.SchemaUrl);
        Writer.End(_resourceAt);
        return Writer.Written;
    }

    /// <summary>The next one, empty.</summary>
    public void Begin()
    {
        Writer.Reset();
        Count = 0;
        _resourceAt = Writer.Begin(OtlpFields.RequestResources);
        int resource = Writer.Begin(OtlpFields.ResourceOfSignal);
        foreach ((string key, string value) in _resource.Attributes)
        {
            Writer.Attribute(OtlpFields.ResourceAttributes, key, value);
        }

        Writer.End(resource);
        _scopeAt = Writer.Begin(OtlpFields.Scopes);
        int scope = Writer.Begin(OtlpFields.ScopeOfSignal);
        Writer.Text(OtlpFields.ScopeName, OtlpResource.ScopeName);
        Writer.Text(OtlpFields.ScopeVersion, _resource.ScopeVersion);
        Writer.End(scope);
    }
}
