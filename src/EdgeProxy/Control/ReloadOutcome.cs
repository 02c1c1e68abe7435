using System.Collections.Generic;
using System.Text.Json;
using EdgeProxy.Config;

namespace EdgeProxy.Control;

/// <summary>How a reload ended.</summary>
internal sealed record ReloadOutcome
{
    public bool Ok => Faults.Count == 0 && Reason is null;

    /// <summary>
    /// The configuration in use afterwards: the new one if all went well, else the last good one; "" before the
    /// first.
    /// </summary>
    public required string Hash { get; init; }

    /// <summary>What the file has wrong; nothing of it is in use then.</summary>
    public IReadOnlyList<ConfigFault> Faults { get; init; } = [];

    /// <summary>
    /// Why a faultless configuration could not be put in use, e.g. an address that another process holds.
    /// </summary>
    public string? Reason { get; init; }

    /// <summary>The file or an address is there, and we may not have it.</summary>
    public bool NotPermitted { get; init; }

    /// <summary>What is different from before, for people: "routers +1 -0 ~2".</summary>
    public string Changes { get; init; } = "";

    /// <summary>
    /// The proxy is rolled back: the hash of the file it is rolled back from, "" if that was at fault; null if it is
    /// not.
    /// </summary>
    public string? RolledBackFrom { get; init; }

    /// <summary>It was done, and this about it was not; null if there is nothing to say.</summary>
    public string? Warning { get; init; }

    /// <summary>There is no such configuration to roll back to; the reason says what there is.</summary>
    public bool IsUnknown { get; init; }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("ok"u8, Ok);
        json.WriteString("hash"u8, Hash);
        json.WriteString("changes"u8, Changes);
        if (Reason is not null)
        {
            json.WriteString("reason"u8, Reason);
        }

        if (RolledBackFrom is not null)
        {
            json.WriteString("rolled_back_from"u8, RolledBackFrom);
        }

        if (Warning is not null)
        {
            json.WriteString("warning"u8, Warning);
        }

        WriteFaults(Faults, json);
        json.WriteEndObject();
    }

    /// <summary>The member "faults" of an answer, the same shape wherever faults are reported as JSON.</summary>
    public static void WriteFaults(IReadOnlyList<ConfigFault> faults, Utf8JsonWriter json)
    {
        json.WriteStartArray("faults"u8);
        foreach (ConfigFault fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("file"u8, fault.File);
            json.WriteNumber("line"u8, fault.Line);
            json.WriteNumber("column"u8, fault.Column);
            json.WriteString("key"u8, fault.Key);
            json.WriteString("message"u8, fault.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
