using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Telemetry.Deployments;

namespace EdgeProxy.Control;

/// <summary>/api/v1/deployments: what was deployed, and when.</summary>
internal static class DeploymentsApi
{
    private static readonly JsonWriterOptions JsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON list, latest first.</summary>
    public static ReadOnlyMemory<byte> Write(
        IReadOnlyList<Deployment> deployments, Func<Deployment, DeploymentEffect?> effectOf)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, JsonOptions))
        {
            json.WriteStartArray();
            for (int i = deployments.Count - 1; i >= 0; i--)
            {
                WriteOne(json, deployments[i], effectOf(deployments[i]));
            }

            json.WriteEndArray();
        }

        return body.WrittenMemory;
    }

    /// <summary>The value of service in a query; empty if it has none.</summary>
    public static string ServiceOf(string query)
    {
        const string name = "service=";
        foreach (string pair in query.Split('&'))
        {
            if (pair.StartsWith(name, StringComparison.Ordinal))
            {
                return Uri.UnescapeDataString(pair[name.Length..]);
            }
        }

        return "";
    }

    private static void WriteOne(Utf8JsonWriter json, Deployment deployment, DeploymentEffect? effect)
    {
        json.WriteStartObject();
        json.WriteString("time", deployment.At.UtcDateTime);
        json.WriteString("service", deployment.Service);
        json.WriteString("version", deployment.Version);
        json.WriteString("revision", deployment.Revision);
        json.WriteString("environment", deployment.Environment);
        json.WriteString("status", deployment.Status);
        json.WriteString("url", deployment.Url);
        json.WriteString("source", deployment.Source);
        json.WriteString("config", deployment.ConfigHash);
        if (effect is not null)
        {
            json.WriteString("measured", effect.Service.Length > 0 ? effect.Service : "all requests");
            WriteCounts(json, "before", effect.Before, effect.BeforeFor);
            WriteCounts(json, "after", effect.After, effect.AfterFor);
        }

        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, string name, TrafficCounts counts, TimeSpan time)
    {
        json.WriteStartObject(name);
        json.WriteNumber("seconds", Math.Round(time.TotalSeconds, 1));
        json.WriteNumber("requests", counts.Requests);
        json.WriteNumber("errors", counts.Errors);
        json.WriteNumber("error_rate", Math.Round(counts.ErrorRate, 6));
        json.WriteNumber("p50_ms", Math.Round(counts.QuantileMs(0.5), 3));
        json.WriteNumber("p99_ms", Math.Round(counts.QuantileMs(0.99), 3));
        json.WriteEndObject();
    }
}
