using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Config.Tables;

/// <summary>[telemetry.otlp]</summary>
internal static class OtlpTable
{
    private const int NameCharsMax = 255;
    private const string Traces = "traces";
    private const string Logs = "logs";
    private const string Metrics = "metrics";

    private static readonly ApiUrlKey Endpoint = new("endpoint",
        "The collector. v1/traces and the like are added to the path.")
    {
        IsRequired = true,
        ExampleToml = "\"http://collector.example.com:4318\"",
    };

    private static readonly ChoiceKey Protocol = new("protocol", ["http", "grpc"],
        "Protobuf over HTTP/1.1, or over gRPC (usually port 4317).")
    {
        Default = "http",
        DefaultToml = "\"http\"",
    };

    private static readonly HeadersKey Headers = new("headers",
        "Fields of each request. Values are shown to nobody; take them from ${cred:NAME}.")
    {
        Default = Sequence<OtlpHeader>.Empty,
        ExampleToml = "{ X-Scope-OrgID = \"stores\" }",
    };

    private static readonly TextKey ServiceName = new("service_name", NameCharsMax, "service.name of all that is sent.")
    {
        Default = "edgeproxy",
        DefaultToml = "\"edgeproxy\"",
    };

    private static readonly ChoiceListKey Signals = new("signals", [Traces, Logs, Metrics],
        "What is sent. Logs are the access log with output = \"otlp\", and deployments.")
    {
        DefaultToml = $"[\"{Traces}\", \"{Logs}\", \"{Metrics}\"]",
    };

    private static readonly DurationKey Timeout = new("timeout", TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMinutes(5), "Longest wait for an answer. Over it the request is sent again later.")
    {
        Default = OtlpLimits.TimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(OtlpLimits.TimeoutDefault)}\"",
    };

    private static readonly DurationKey BatchInterval = new("batch_interval", TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMinutes(5),
        "How long spans and log records are collected, unless 1024 of them or 512 KiB are there before.")
    {
        Default = OtlpLimits.BatchIntervalDefault,
        DefaultToml = $"\"{DurationText.Format(OtlpLimits.BatchIntervalDefault)}\"",
    };

    private static readonly DurationKey MetricsInterval = new("metrics_interval", TimeSpan.FromSeconds(1),
        TimeSpan.FromHours(1), "How often metrics are sent. While the collector is away they add up.")
    {
        Default = OtlpLimits.MetricsIntervalDefault,
        DefaultToml = "\"1m\"",
    };

    private static readonly PemFileKey Ca = new("ca", isSecret: false,
        "Who signs the collector's certificate, and nobody else. Without it: whom the system trusts.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/collector-ca.pem\"",
    };

    private static readonly PemFileKey Certificate = new("cert", isSecret: false,
        "Our certificate, for a collector that asks for one.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/telemetry.pem\"",
    };

    private static readonly PemFileKey PrivateKey = new("key", isSecret: true, "Its private key, not encrypted.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/telemetry.key\"",
    };

    public static TableDeclaration Declaration { get; } = new("otlp", IsNamed: false,
        "Sends traces, logs and metrics to an OpenTelemetry collector, compressed. A collector that is away costs no "
            + "request anything: what waits is kept in memory (8 MiB) or by [telemetry.spool].",
        [
            Endpoint, Protocol, Headers, ServiceName, Signals, Timeout, BatchInterval, MetricsInterval, Ca, Certificate,
            PrivateKey,
        ]);

    /// <summary>Null if there is none.</summary>
    public static OtlpSettings? Parse(TableScope parent)
    {
        SpoolSettings? spool = SpoolTable.Parse(parent);
        if (parent.Below(Declaration) is not { } scope)
        {
            if (spool is not null)
            {
                parent.Report(parent.Table, SpoolTable.Declaration.Name, "does nothing without [telemetry.otlp]");
            }

            return null;
        }

        var signals = new List<string>();
        foreach (Placed<string> signal in Signals.Read(scope) ?? [])
        {
            signals.Add(signal.Value);
        }

        bool isAll = scope.Count(Signals) == 0;
        ApiUrl? endpoint = Endpoint.Read(scope);
        var settings = new OtlpSettings
        {
            Endpoint = UriOf(endpoint),
            IsGrpc = Protocol.Read(scope) == "grpc",
            Headers = Headers.Read(scope),
            ServiceName = ServiceName.Read(scope),
            SendsTraces = isAll || signals.Contains(Traces),
            SendsLogs = isAll || signals.Contains(Logs),
            SendsMetrics = isAll || signals.Contains(Metrics),
            Timeout = Timeout.Read(scope),
            BatchInterval = BatchInterval.Read(scope),
            MetricsInterval = MetricsInterval.Read(scope),
            CaPem = Ca.ReadCertificates(scope)?.Text ?? "",
        };
        settings = WithCertificate(settings, scope);
        return spool is null ? settings : settings with { Spool = spool };
    }

    private static Uri UriOf(ApiUrl? url)
    {
        if (url is not { } to)
        {
            return new Uri("http://localhost"); // reported
        }

        string host = to.Host.Contains(':', StringComparison.Ordinal) ? $"[{to.Host}]" : to.Host;
        return new Uri($"{(to.IsTls ? "https" : "http")}://{host}:{to.Port}{to.Path}");
    }

    private static OtlpSettings WithCertificate(OtlpSettings settings, TableScope scope)
    {
        bool hasCertificate = scope.TryFind(Certificate.Name, out TomlEntry certificate);
        bool hasKey = scope.TryFind(PrivateKey.Name, out TomlEntry key);
        if (hasCertificate != hasKey)
        {
            (TomlEntry found, string missing) = hasCertificate
                ? (certificate, PrivateKey.Name)
                : (key, Certificate.Name);
            scope.Report(found.Value, found.Key, $"needs {missing} beside it");
        }

        return hasCertificate && hasKey && TlsKeys.Pair(scope, Certificate, PrivateKey) is { } pair
            ? settings with { CertificatePem = pair.CertificatePem, KeyPem = pair.KeyPem }
            : settings;
    }

    /// <summary>A table of field names and values; faults do not quote a value.</summary>
    private sealed class HeadersKey(string name, string doc) : Key<Sequence<OtlpHeader>>(name, doc)
    {
        private const int ValueCharsMax = 8 * 1024;

        public override bool IsSecret => true;

        public override string TypeText => "table of fields";

        public override string Accepts => "write " + Range;

        public override string Range =>
            $"{{ Name = \"value\" }} of visible characters; at most {OtlpLimits.HeadersMax}";

        public override KeyShape Shape => new MapShape(KeyShape.Text);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [MaybeNullWhen(false)] out Sequence<OtlpHeader> value)
        {
            value = null;
            if (node is not TomlTable table || table.Entries.Count > OtlpLimits.HeadersMax)
            {
                return Refuse(node, scope, "is not a table of few fields");
            }

            var headers = new List<OtlpHeader>();
            foreach (TomlEntry entry in table.Entries)
            {
                string key = $"{Name}.{ConfigText.Key(entry.Key)}";
                if (!FieldName.TryCreate(entry.Key, out _))
                {
                    scope.Report(entry.Value, entry.Line, entry.Column, key, "is not a field name");
                }
                else if (entry.Value is not TomlString text)
                {
                    scope.Report(entry.Value, key, "is not a string");
                }
                else if (scope.TryFill(text, key, out string? filled))
                {
                    bool isGood = filled.Length is > 0 and <= ValueCharsMax
                        && filled.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;
                    if (isGood)
                    {
                        headers.Add(new OtlpHeader(entry.Key, filled));
                    }
                    else
                    {
                        scope.Report(text, key, "is empty, too long or has other characters");
                    }
                }
            }

            value = new Sequence<OtlpHeader>(headers);
            return headers.Count == table.Entries.Count;
        }
    }
}
