namespace EdgeProxy.Config.Effective;

/// <summary>One value of a configuration as it counts, and where it comes from.</summary>
/// <param name="Unit">What it belongs to: "node", "router orders".</param>
/// <param name="Key">Within the unit: "rule", "health_check.interval".</param>
/// <param name="Value">As TOML writes it, its ${...} not filled in; a secret is "***".</param>
/// <param name="Origin">"FILE:LINE:COLUMN", or "default".</param>
internal sealed record EffectiveValue(string Unit, string Key, string Value, string Origin)
{
    public const string Default = "default";

    /// <summary>As written, secrets too: to compare, and to show to nobody.</summary>
    public required string Written { get; init; }

    public bool IsDefault => Origin == Default;
}
