using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives;
using EdgeProxy.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Recording;

/// <summary>
/// Where records of requests go: made with the loops, told of each configuration, ended after them. Nothing is read,
/// and no loop has a ring, before a configuration wants a record.
/// </summary>
internal sealed partial class RequestRecording : IDisposable, IMetricsSource
{
    private readonly Shard[] _shards;
    private readonly TimeProvider _time;
    private readonly Stream _stderr;
    private readonly ILogger _logger;
    private readonly RecordReader _reader;
    private AccessLogSettings? _logSettings;
    private LineWriter? _lines;
    private LineWriter? _preparedLines;
    private long _droppedBefore;

    public RequestRecording(Shard[] shards, TimeProvider time, Stream stderr, ILogger logger)
    {
        _shards = shards;
        _time = time;
        _stderr = stderr;
        _logger = logger;
        _reader = new RecordReader(shards.Length, time);
    }

    /// <summary>Opens what can fail; null, or why the configuration cannot be used.</summary>
    public string? Prepare(TelemetrySettings settings)
    {
        _preparedLines?.Dispose();
        _preparedLines = null;
        if (settings.AccessLog == _logSettings || settings.AccessLog is not { } log)
        {
            return null;
        }

        switch (log.Output)
        {
            case AccessLogOutput.Stderr:
                _preparedLines = new LineWriter(new StreamTarget(_stderr));
                return null;
            case AccessLogOutput.File:
                var file = new RotatingFile(log, _time, why => Log.Failed(_logger, log.File, why));
                _preparedLines = new LineWriter(file);
                return file.TryOpen() is { } why ? $"access_log: {why}" : null;
            default:
                return null;
        }
    }

    /// <summary>The configuration is in use.</summary>
    public void Commit(TelemetrySettings settings)
    {
        bool isLogKept = settings.AccessLog == _logSettings;
        LineWriter? before = isLogKept ? null : _lines;
        if (!isLogKept)
        {
            Volatile.Write(ref _lines, _preparedLines);
            _preparedLines = null;
            _logSettings = settings.AccessLog;
        }

        var sinks = new List<IRecordSink>();
        if (_lines is { } lines)
        {
            sinks.Add(new AccessLog(settings.AccessLog!, lines));
        }

        _reader.Use([.. sinks]);
        if (before is not null)
        {
            before.Dispose();
            _droppedBefore += before.Dropped;
        }

        if (sinks.Count > 0)
        {
            Open();
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
    }

    /// <summary>The loops have ended: what they recorded is written.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _lines?.Dispose();
        _preparedLines?.Dispose();
    }

    private void Open()
    {
        RequestRing[] rings = _reader.Start();
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i].Records ??= rings[i];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.AccessLogFailed, LogLevel.Error,
            "access log {File} cannot be written, lines are lost: {Why}")]
        public static partial void Failed(ILogger logger, string file, string why);
    }
}
