using System;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>
/// A deployment as a log record: the event of semantic conventions for VCS, CI/CD and deployments. Loki drops the
/// record's event name, so that an attribute says it, too.
/// </summary>
internal static class DeploymentEvent
{
    public const string Name = "edgeproxy.deployment";

    private const int Info = 9;
    private const int Warn = 13;

    /// <summary>A whole ExportLogsServiceRequest.</summary>
    public static byte[] Write(OtlpResource resource, Deployment deployment, DateTimeOffset now)
    {
        const int field = OtlpFields.LogAttributes;
        bool isGood = deployment.Status == "succeeded";
        var batch = new OtlpBatch(resource);
        ProtoWriter writer = batch.Writer;
        int item = writer.Begin(OtlpFields.Items);
        writer.Fixed64(OtlpFields.LogTime, Nanos(deployment.At));
        writer.Fixed64(OtlpFields.LogObservedTime, Nanos(now));
        writer.Number(OtlpFields.LogSeverity, isGood ? Info : (ulong)Warn);
        writer.Text(OtlpFields.LogSeverityText, isGood ? "INFO" : "WARN");
        int body = writer.Begin(OtlpFields.LogBody);
        writer.Text(OtlpFields.StringValue,
            $"deployment of {deployment.Service} {deployment.Version} {deployment.Status}"
                + (deployment.Url.Length > 0 ? $" {deployment.Url}" : ""));
        writer.End(body);
        writer.Attribute(field, "edgeproxy.event"u8, "deployment");
        writer.Attribute(field, "edgeproxy.target_service"u8, deployment.Service);
        writer.Attribute(field, "service.version"u8, deployment.Version);
        writer.Attribute(field, "deployment.status"u8, deployment.Status);
        writer.Attribute(field, "edgeproxy.source"u8, deployment.Source);
        writer.Attribute(field, "cicd.pipeline.result"u8, isGood ? "success" : "failure");
        Add("vcs.ref.head.revision", deployment.Revision);
        Add("deployment.environment.name", deployment.Environment);
        Add("cicd.pipeline.run.url.full", deployment.Url);
        Add("edgeproxy.config.hash", deployment.ConfigHash);
        writer.Text(OtlpFields.LogEventName, Name);
        writer.End(item);
        batch.Count++;
        return batch.Finish().ToArray();

        void Add(string key, string value)
        {
            if (value.Length > 0)
            {
                writer.Attribute(field, key, value);
            }
        }
    }

    private static ulong Nanos(DateTimeOffset time) =>
        (ulong)Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks) * 100;
}
