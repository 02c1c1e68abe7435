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
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<Deployment> deployments)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, JsonOptions))
        {
            json.WriteStartArray();
            for (int i = deployments.Count - 1; i >= 0; i--)
            {
                WriteOne(json, deployments[i]);
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

    private static void WriteOne(Utf8JsonWriter json, Deployment deployment)
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
        json.WriteEndObject();
    }
}
