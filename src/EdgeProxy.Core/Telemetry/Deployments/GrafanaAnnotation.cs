using System.Buffers;
using System.Text.Json;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>A deployment as the body of POST /api/annotations (Grafana HTTP API, Annotations).</summary>
internal static class GrafanaAnnotation
{
    public static byte[] Write(Deployment deployment)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("time", deployment.At.ToUnixTimeMilliseconds());
            json.WriteStartArray("tags");
            json.WriteStringValue("deployment");
            foreach ((string name, string value) in ((string, string)[])
            [
                ("service", deployment.Service), ("version", deployment.Version),
                ("environment", deployment.Environment), ("status", deployment.Status),
            ])
            {
                if (value.Length > 0)
                {
                    json.WriteStringValue($"{name}:{value}");
                }
            }

            json.WriteEndArray();
            string text = $"{deployment.Service} {deployment.Version} {deployment.Status}";
            text += deployment.Revision.Length > 0 ? $" ({deployment.Revision})" : "";
            json.WriteString("text", deployment.Url.Length > 0 ? $"{text} {deployment.Url}" : text);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }
}
