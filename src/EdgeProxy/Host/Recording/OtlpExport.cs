using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Telemetry.Spooling;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Recording;

/// <summary>
/// Everything between records and a collector, for one configuration of it: batches, their compression, the spool, the
/// sender. Owned by <see cref="RequestRecording"/>.
/// </summary>
internal sealed class OtlpExport : IDisposable, IMetricsSource
{
    // What is left when the process ends is tried for so long; the rest waits in the spool, if it is on disk.
    private static readonly TimeSpan LastTry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RefusalQuiet = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly BatchHandover _handover;
    private readonly BatchStore _store;
    private readonly HttpOtlpTransport _transport;
    private readonly OtlpSender _sender;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly SpanBatches? _spans;
    private readonly LogBatches? _logs;
    private RandomSequence _lots;
    private long _refusedAt;

    public OtlpExport(
        TelemetrySettings settings, OtlpResource resource, Func<ReadOnlyMemory<byte>> metrics, TimeProvider time,
        ILogger logger)
    {
        OtlpSettings otlp = settings.Otlp!;
        Settings = settings;
        Resource = resource;
        _logger = logger;
        _time = time;
        _lots = new RandomSequence(BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()));
        Spool = OpenSpool(otlp.Spool, time, logger);
        _handover = new BatchHandover(time, otlp.BatchInterval);
        _transport = new HttpOtlpTransport(otlp, time);
        _sender = new OtlpSender(Spool, _transport, time, new OtlpSenderSettings
        {
            MetricsInterval = otlp.MetricsInterval,
            Metrics = otlp.SendsMetrics ? metrics : null,
            DrainBytesPerSecond = otlp.Spool.DrainBytesPerSecond,
            Lot = NextLot,
            OnAway = why => Log.Away(_logger, otlp.Endpoint.Authority, why, null),
            OnBack = () => Log.Back(_logger, otlp.Endpoint.Authority, Spool.Bytes, null),
            OnRefused = NoteRefusal,
        });
        _store = new BatchStore(_handover, Spool, _sender.Wake);
        _spans = otlp.SendsTraces ? new SpanBatches(resource, _handover) : null;
        _logs = settings.AccessLog is { Output: AccessLogOutput.Otlp } log
            ? new LogBatches(resource, log, _handover, time)
            : null;
        _sending = Task.Run(() => _sender.RunAsync(_stop.Token));
    }

    public TelemetrySettings Settings { get; }

    public OtlpResource Resource { get; }

    public Spool Spool { get; }

    /// <summary>Those that want records.</summary>
    public IEnumerable<IRecordSink> Sinks
    {
        get
        {
            if (_spans is not null)
            {
                yield return _spans;
            }

            if (_logs is not null)
            {
                yield return _logs;
            }
        }
    }

    /// <summary>
    /// A whole request of log events that come seldom and are to outlive others: deployments, the audit chain's head.
    /// Any thread.
    /// </summary>
    public void PutEvent(ReadOnlySpan<byte> request) => _handover.Put(OtlpKind.Deployments, 1, request);

    public void Collect(ICollection<MetricSample> samples)
    {
        Add("edgeproxy_otlp_requests_total", "Requests to the collector.", MetricKind.Counter, _sender.Sent,
            new MetricLabel("result", "taken"));
        Add("edgeproxy_otlp_requests_total", "Requests to the collector.", MetricKind.Counter, _sender.Failed,
            new MetricLabel("result", "failed"));
        Add("edgeproxy_otlp_sent_bytes_total", "Compressed bytes the collector took.", MetricKind.Counter,
            _sender.SentBytes);
        Add("edgeproxy_otlp_up", "1 unless the collector did not take the last request.", MetricKind.Gauge,
            _sender.IsAway ? 0 : 1);
        Add("edgeproxy_spool_bytes", "Bytes that wait for the collector.", MetricKind.Gauge, Spool.Bytes);
        Add("edgeproxy_spool_capacity_bytes", "What may wait.", MetricKind.Gauge, Settings.Otlp!.Spool.BytesMax);
        Add("edgeproxy_spool_recovered_lost_bytes_total", "Bytes of the spool that were damaged at the start.",
            MetricKind.Counter, Spool.LostBytes);
        long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (OtlpKind kind in (ReadOnlySpan<OtlpKind>)[OtlpKind.Deployments, OtlpKind.Logs, OtlpKind.Traces])
        {
            (long items, long oldest) = Spool.Waiting(kind);
            var label = new MetricLabel("kind", OtlpKinds.Name(kind));
            Add("edgeproxy_spool_items", "Items that wait for the collector.", MetricKind.Gauge, items, label);
            Add("edgeproxy_spool_oldest_age_seconds", "Since when the oldest of them waits.", MetricKind.Gauge,
                oldest == 0 ? 0 : (nowMs - oldest) / 1e3, label);
            Add("edgeproxy_telemetry_lost_items_total", "Items that were lost, by reason.", MetricKind.Counter,
                _handover.Dropped(kind), label, new MetricLabel("reason", "busy"));
            for (SpoolLoss loss = 0; loss < SpoolLoss.Count; loss++)
            {
                Add("edgeproxy_telemetry_lost_items_total", "Items that were lost, by reason.", MetricKind.Counter,
                    Spool.Lost(kind, loss), label, new MetricLabel("reason", EnumWords<SpoolLoss>.Of(loss)));
            }
        }

        void Add(string name, string help, MetricKind kind, double value, params MetricLabel[] labels) =>
            samples.Add(new MetricSample(name, help, kind, value, labels));
    }

    /// <summary>Its sinks get no records any more: what they have is stored, and tried once more.</summary>
    public void Dispose()
    {
        _spans?.HandOver();
        _logs?.HandOver();
        _store.Dispose();
        _stop.CancelAfter(LastTry);
        ((IAsyncResult)DrainAsync()).AsyncWaitHandle.WaitOne(LastTry + LastTry);
        _sender.Dispose();
        _transport.Dispose();
        Spool.Dispose();
        _stop.Dispose();
    }

    /// <summary>Null, or why the folder cannot be used.</summary>
    public static string? Check(SpoolSettings settings)
    {
        if (settings.Directory.Length == 0)
        {
            return null;
        }

        try
        {
            Directory.CreateDirectory(
                settings.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"telemetry.spool: {e.Message}";
        }
    }

    // Nothing new comes: the sender ends when the spool is empty, or the collector is away, or the time is up.
    private async Task DrainAsync()
    {
        while (!_stop.IsCancellationRequested && !_sender.IsAway && IsWaiting())
        {
            _sender.Wake();
            await Task.Delay(TimeSpan.FromMilliseconds(20)).ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsWaiting() => Spool.Waiting(OtlpKind.Deployments).Items > 0 || Spool.Waiting(OtlpKind.Logs).Items > 0
        || Spool.Waiting(OtlpKind.Traces).Items > 0;

    private static Spool OpenSpool(SpoolSettings settings, TimeProvider time, ILogger logger)
    {
        if (settings.Directory.Length == 0)
        {
            return new Spool(settings, new MemoryFolder(), time);
        }

        DiskFolder? folder = null;
        try
        {
            folder = new DiskFolder(settings.Directory);
            var spool = new Spool(settings, folder, time);
            if (spool.Bytes > 0 || spool.LostBytes > 0)
            {
                Log.Recovered(logger, settings.Directory, spool.Bytes, spool.LostBytes, null);
            }

            return spool;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            folder?.Dispose(); // or its lock would keep the next configuration from it
            Log.Unusable(logger, settings.Directory, e.Message, null);
            return new Spool(settings with { BytesMax = OtlpLimits.MemoryBytes }, new MemoryFolder(), time);
        }
    }

    // 53 bits, what a double between 0 and 1 has.
    private double NextLot() => (_lots.Next() >> 11) * (1.0 / (1UL << 53));

    private void NoteRefusal(OtlpKind kind, string why)
    {
        long now = _time.GetTimestamp();
        if (_refusedAt == 0 || _time.GetElapsedTime(_refusedAt, now) > RefusalQuiet)
        {
            _refusedAt = now;
            Log.Refuses(_logger, Settings.Otlp!.Endpoint.Authority, OtlpKinds.Name(kind), why, null);
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> Away =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.CollectorAway,
                "collector {Authority} is away: {Why}; telemetry waits");

        public static readonly Action<ILogger, string, long, Exception?> Back =
            LoggerMessage.Define<string, long>(LogLevel.Information, EventIds.CollectorBack,
                "collector {Authority} is back; {Bytes} bytes wait for it");

        public static readonly Action<ILogger, string, string, string, Exception?> Refuses =
            LoggerMessage.Define<string, string, string>(LogLevel.Warning, EventIds.CollectorRefuses,
                "collector {Authority} does not take {Kind}, they are lost: {Why}");

        public static readonly Action<ILogger, string, string, Exception?> Unusable =
            LoggerMessage.Define<string, string>(LogLevel.Error, EventIds.SpoolUnusable,
                "spool {Folder} cannot be used, telemetry waits in memory: {Why}");

        public static readonly Action<ILogger, string, long, long, Exception?> Recovered =
            LoggerMessage.Define<string, long, long>(LogLevel.Information, EventIds.SpoolRecovered,
                "spool {Folder}: {Bytes} bytes of an earlier process wait, {LostBytes} damaged bytes were cut off");
    }
}
