using System.Collections.Generic;
using System.Text.Json;
using EdgeProxy.Config;
using EdgeProxy.Config.Effective;

namespace EdgeProxy.Control;

/// <summary>What a configuration would change, or what is wrong with it.</summary>
internal sealed record PlanOutcome
{
    /// <summary>The hash of that in use.</summary>
    public string Before { get; init; } = "";

    /// <summary>The hash of the one asked about; "" if it has faults.</summary>
    public string After { get; init; } = "";

    /// <summary>Null if it has faults.</summary>
    public ConfigPlan? Plan { get; init; }

    public IReadOnlyList<ConfigFault> Faults { get; init; } = [];

    public static PlanOutcome Of(
        ProxySettings before, ProxySettings? after, IReadOnlyList<ConfigFault> faults, ConfigEnvironment environment) =>
        new()
        {
            Before = before.Hash,
            After = after?.Hash ?? "",
            Plan = after is null ? null : ConfigPlan.Of(before, after, environment),
            Faults = faults,
        };

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("ok"u8, Plan is not null);
        json.WriteString("before"u8, Before);
        json.WriteString("after"u8, After);
        json.WriteStartArray("changes"u8);
        foreach (PlannedChange change in Plan?.Changes ?? [])
        {
            WriteChange(json, change);
        }

        json.WriteEndArray();
        json.WriteStartArray("notes"u8);
        foreach (string note in Plan?.Notes ?? [])
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
        ReloadOutcome.WriteFaults(Faults, json);
        json.WriteEndObject();
    }

    private static void WriteChange(Utf8JsonWriter json, PlannedChange change)
    {
        int space = change.Unit.IndexOf(' ', System.StringComparison.Ordinal);
        json.WriteStartObject();
        json.WriteString("kind"u8, space < 0 ? change.Unit : change.Unit[..space]);
        json.WriteString("name"u8, space < 0 ? "" : change.Unit[(space + 1)..]);
        json.WriteString("change"u8, change.Change switch
        {
            UnitChange.Added => "added",
            UnitChange.Removed => "removed",
            _ => "changed",
        });
        json.WriteStartArray("keys"u8);
        foreach (KeyChange key in change.Keys)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key.Key);
            json.WriteString("before"u8, key.Before);
            json.WriteString("after"u8, key.After);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
