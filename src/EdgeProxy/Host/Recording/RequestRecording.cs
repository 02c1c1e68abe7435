using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Telemetry.Tailing;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Recording;

/// <summary>What a recording needs of the rest of the proxy.</summary>
internal sealed record RecordingParts(Shard[] Shards, TimeProvider Time, Stream Stderr, ILogger Logger)
{
    /// <summary>All that /metrics shows.</summary>
    public required Action<ICollection<MetricSample>> CollectMetrics { get; init; }

    public required Func<IReadOnlyList<DurationFamily>> Durations { get; init; }
}

/// <summary>
/// Where records of requests go: made with the loops, told of each configuration, ended after them. Nothing is read,
/// and no loop has a ring, before a configuration wants a record.
/// </summary>
internal sealed class RequestRecording(RecordingParts parts) : IDisposable, IMetricsSource
{
    private readonly RecordReader _reader = new(parts.Shards.Length, parts.Time);
    private readonly Lock _opening = new();
    private TailFeed? _tail;
    private readonly DateTimeOffset _startedAt = parts.Time.GetUtcNow();
    private AccessLogSettings? _logSettings;
    private LineWriter? _lines;
    private LineWriter? _preparedLines;
    private OtlpExport? _export;
    private GrafanaAnnotations? _grafana;
    private long _droppedBefore;

    /// <summary>Requests as they end. While somebody looks each of them is recorded.</summary>
    public TailFeed Tail
    {
        get
        {
            lock (_opening)
            {
                return _tail ??= new TailFeed(parts.Time) { OnWatched = Watch };
            }
        }
    }

    /// <summary>Opens what can fail; null, or why the configuration cannot be used.</summary>
    public string? Prepare(TelemetrySettings settings)
    {
        _preparedLines?.Dispose();
        _preparedLines = null;
        if (settings.Otlp is { } otlp && OtlpExport.Check(otlp.Spool) is { } problem)
        {
            return problem;
        }

        if (settings.AccessLog == _logSettings || settings.AccessLog is not { } log)
        {
            return null;
        }

        switch (log.Output)
        {
            case AccessLogOutput.Stderr:
                _preparedLines = new LineWriter(new StreamTarget(parts.Stderr));
                return null;
            case AccessLogOutput.File:
                var file = new RotatingFile(log, parts.Time, why => Log.Failed(parts.Logger, log.File, why, null));
                _preparedLines = new LineWriter(file);
                return file.TryOpen() is { } why ? $"access_log: {why}" : null;
            default:
                return null;
        }
    }

    /// <summary>The configuration is in use.</summary>
    public void Commit(ProxySettings settings)
    {
        TelemetrySettings telemetry = settings.Telemetry;
        LineWriter? linesBefore = null;
        if (telemetry.AccessLog != _logSettings)
        {
            linesBefore = _lines;
            Volatile.Write(ref _lines, _preparedLines);
            _preparedLines = null;
            _logSettings = telemetry.AccessLog;
        }

        if (telemetry.Grafana != _grafana?.Settings)
        {
            GrafanaAnnotations? before = _grafana;
            Volatile.Write(ref _grafana, telemetry.Grafana is { } grafana
                ? new GrafanaAnnotations(grafana, parts.Time, parts.Logger)
                : null);
            before?.Dispose();
        }

        OtlpResource resource = ResourceOf(settings);
        OtlpExport? exportBefore = null;
        if (_export is { } running && (telemetry.Otlp != running.Settings.Otlp
            || telemetry.AccessLog != running.Settings.AccessLog || !Same(resource, running.Resource)))
        {
            exportBefore = running;
            Volatile.Write(ref _export, null);
        }

        // Those of before get what was recorded until now, and end before their folder is opened again.
        List<IRecordSink> sinks = [];
        AddSinks(sinks);
        _reader.Use([.. sinks]);
        linesBefore?.Dispose();
        _droppedBefore += linesBefore?.Dropped ?? 0;
        exportBefore?.Dispose();
        if (telemetry.Otlp is not null && _export is null)
        {
            Volatile.Write(ref _export, NewExport(telemetry, resource));
            sinks.AddRange(_export!.Sinks);
            _reader.Use([.. sinks]);
        }

        if (sinks.Count > 1)
        {
            Open(); // somebody besides those who look, who open it themselves
        }
    }

    /// <summary>Tells of a deployment the collector, if there is one that hears logs, and Grafana.</summary>
    public void Announce(Deployment deployment)
    {
        if (Volatile.Read(ref _export) is { Settings.Otlp.SendsLogs: true } export)
        {
            export.PutEvent(DeploymentEvent.Write(export.Resource, deployment, parts.Time.GetUtcNow()));
        }

        Volatile.Read(ref _grafana)?.Put(deployment);
    }

    /// <summary>Tells the collector, if there is one that hears logs, where the audit chain ends.</summary>
    public void AnnounceHead(ulong seq, string hash, string configHash)
    {
        if (Volatile.Read(ref _export) is { Settings.Otlp.SendsLogs: true } export)
        {
            export.PutEvent(
                AuditHeadEvent.Write(export.Resource, seq, hash, configHash, parts.Time.GetUtcNow()));
        }
    }

    /// <summary>Files may have been moved.</summary>
    public void ReopenFiles() => Volatile.Read(ref _lines)?.Reopen();

    public void Collect(ICollection<MetricSample> samples)
    {
        samples.Add(new MetricSample("edgeproxy_request_records_dropped_total",
            "Records of requests lost because nobody read them in time.", MetricKind.Counter, _reader.Dropped, []));
        samples.Add(new MetricSample("edgeproxy_access_log_lines_dropped_total",
            "Lines of the access log lost because they could not be written.", MetricKind.Counter,
            _droppedBefore + (Volatile.Read(ref _lines)?.Dropped ?? 0), []));
        Volatile.Read(ref _export)?.Collect(samples);
        Volatile.Read(ref _grafana)?.Collect(samples);
    }

    /// <summary>The loops have ended: what they recorded is written.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _lines?.Dispose();
        _preparedLines?.Dispose();
        _export?.Dispose();
        _grafana?.Dispose();
    }

    private void AddSinks(List<IRecordSink> sinks)
    {
        sinks.Add(Tail);
        if (_lines is { } lines)
        {
            sinks.Add(new AccessLog(_logSettings!, lines));
        }

        if (_export is { } export)
        {
            sinks.AddRange(export.Sinks);
        }
    }

    private OtlpExport NewExport(TelemetrySettings settings, OtlpResource resource)
    {
        var request = new MetricsRequest(resource, _startedAt);
        return new OtlpExport(settings, resource, Metrics, parts.Time, parts.Logger);

        ReadOnlyMemory<byte> Metrics()
        {
            var samples = new List<MetricSample>();
            parts.CollectMetrics(samples);
            return request.Build(samples, parts.Durations(), parts.Time.GetUtcNow());
        }
    }

    private static OtlpResource ResourceOf(ProxySettings settings)
    {
        var attributes = new List<(string, string)>
        {
            ("service.name", settings.Telemetry.Otlp?.ServiceName ?? "edgeproxy"),
            ("service.version", BuildStamp.Version),
            ("service.instance.id", settings.Node.Name),
            ("host.name", settings.Node.Name),
            ("host.arch", RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64"),
            ("os.type", "linux"),
        };
        if (settings.Node.Environment.Length > 0)
        {
            attributes.Add(("deployment.environment.name", settings.Node.Environment));
        }

        return new OtlpResource([.. attributes]) { ScopeVersion = BuildStamp.Version };
    }

    private static bool Same(OtlpResource a, OtlpResource b) =>
        a.Attributes.AsSpan().SequenceEqual(b.Attributes) && a.ScopeVersion == b.ScopeVersion;

    private void Open()
    {
        lock (_opening)
        {
            RequestRing[] rings = _reader.Start();
            for (int i = 0; i < parts.Shards.Length; i++)
            {
                parts.Shards[i].Records ??= rings[i];
            }
        }
    }

    private void Watch(bool isWatched)
    {
        if (isWatched)
        {
            Open();
        }

        foreach (Shard shard in parts.Shards)
        {
            shard.IsTailed = isWatched;
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> Failed =
            LoggerMessage.Define<string, string>(LogLevel.Error, EventIds.AccessLogFailed,
                "access log {File} cannot be written, lines are lost: {Why}");
    }
}
