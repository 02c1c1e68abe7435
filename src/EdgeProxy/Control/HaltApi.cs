using System;
using System.Text.Json;
using EdgeProxy.Pipeline.Halting;

namespace EdgeProxy.Control;

/// <summary>How halts are written in the admin surface's addresses and answers.</summary>
internal static class HaltApi
{
    /// <summary>"all", "router=NAME", "consumer=NAME", "model=NAME"; null for anything else.</summary>
    public static HaltTarget? Parse(string query)
    {
        if (query == "all")
        {
            return new HaltTarget(HaltKind.All, "");
        }

        int equals = query.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? null : HaltTarget.Parse(query[..equals], Uri.UnescapeDataString(query[(equals + 1)..]));
    }

    public static void WriteTo(Utf8JsonWriter json, HaltSet halts)
    {
        json.WriteStartArray();
        foreach (HaltTarget target in halts.Targets)
        {
            json.WriteStartObject();
            json.WriteString("kind", target.Kind.ToString().ToLowerInvariant());
            json.WriteString("name", target.Name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
