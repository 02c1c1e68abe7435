using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Halting;

namespace EdgeProxy.Host;

/// <content>
/// The audit chain: opened by the first configuration that has one, before anything is accepted; closed after the last
/// loop stood still.
/// </content>
internal sealed partial class DataPath
{
    private AuditLog? _audit;
    private static readonly TimeSpan HeadInterval = TimeSpan.FromMinutes(1);
    private PayloadSeal? _nextSeal;
    private ITimer? _headLooks;
    private ulong _announcedSeq;
    private string _auditedHash = "";

    public AuditLog? Audit => Volatile.Read(ref _audit);

    // A chain stays where it is, under its key, while the process runs: who could move or end it by a reload could hide
    // what comes after.
    private string? PrepareAudit(ProxySettings settings, out AuditLog? opened, out bool notPermitted)
    {
        opened = null;
        notPermitted = false;
        if (PreparePayloads(settings) is { } problem)
        {
            return problem;
        }

        if (_audit is not { } running)
        {
            return settings.Audit is null ? null : OpenAudit(settings, out opened, out notPermitted);
        }

        AuditSettings now = running.Settings;
        return settings.Audit switch
        {
            null => "[audit] was removed: its chain ends with the process, so restart to do without",
            { } next when next.Directory != now.Directory =>
                $"audit.directory is {now.Directory} while the process runs: restart to change it",
            { } next when next.KeyFile != now.KeyFile =>
                "audit.key_file stays what it was while the process runs: restart to change it",
            _ => null,
        };
    }

    private string? OpenAudit(ProxySettings settings, out AuditLog? opened, out bool notPermitted)
    {
        opened = AuditOpening.Open(
            new AuditOpeningParts
            {
                Settings = settings.Audit!,
                Node = settings.Node.Name,
                Version = BuildStamp.Version,
                Lanes = _shards.Length,
                Time = _parts.Time,
                Logger = _parts.Loggers.CreateLogger(typeof(AuditLog).FullName!),
            },
            out string problem,
            out notPermitted);
        return opened is null ? $"audit: {problem}" : null;
    }

    // Before the snapshot whose routes need it is published.
    private void CommitAudit(ProxySettings settings, AuditLog? opened)
    {
        if (opened is not null)
        {
            for (int i = 0; i < _shards.Length; i++)
            {
                _shards[i].Audit = new AuditLane(opened, i, _shards[i].Loop);
            }

            opened.Start();
            Volatile.Write(ref _audit, opened);
            _headLooks = _parts.Time.CreateTimer(_ => AnnounceHead(), null, HeadInterval, HeadInterval);
        }
        else if (_audit is { } running)
        {
            running.Settings = settings.Audit!;
        }

        Volatile.Write(ref _auditedHash, settings.Hash);
        CommitPayloads(settings);
    }

    // A tail that is cut off after this is noticed by who keeps what it says.
    private void AnnounceHead()
    {
        if (_audit?.Status is { } status && status.Seq != Interlocked.Exchange(ref _announcedSeq, status.Seq))
        {
            _recording?.AnnounceHead(status.Seq, AuditReport.Hex(status.Hash), Volatile.Read(ref _auditedHash));
        }
    }

    private void EndAudit()
    {
        _headLooks?.Dispose();
        _audit?.Dispose(); // no loop notes any more
        AnnounceHead();
    }

    private string? PreparePayloads(ProxySettings settings)
    {
        _nextSeal = null;
        if (settings.Audit?.Payloads.PublicKeyFile is not { } path)
        {
            return null;
        }

        try
        {
            _nextSeal = PayloadSeal.OfPem(File.ReadAllText(path));
            return null;
        }
        catch (Exception exception) when (exception
            is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"audit.payloads.public_key_file: {path}: {exception.Message}";
        }
    }

    // Where payloads were kept once they can be erased, and grow old.
    private void CommitPayloads(ProxySettings settings)
    {
        if (_audit is not { } running)
        {
            return;
        }

        PayloadSettings payloads = running.Settings.Payloads;
        if (running.Payloads is { } store)
        {
            store.Configure(payloads, _nextSeal);
            return;
        }

        bool isWanted = false;
        foreach (RouterSettings router in settings.Routers)
        {
            isWanted |= router.Payloads != PayloadMode.None;
        }

        if (isWanted || Directory.Exists(PayloadFiles.Of(running.Settings.Directory).Folder))
        {
            store = new PayloadStore(running, payloads, _nextSeal, _parts.Time,
                _parts.Loggers.CreateLogger(typeof(PayloadStore).FullName!));
            store.Start();
            running.Payloads = store;
        }
    }

    private void SweepHalted()
    {
        foreach (Shard shard in _shards)
        {
            shard.Loop.Post(new HaltSweep(shard));
        }
    }

    private void CollectAudit(ICollection<MetricSample> samples)
    {
        if (_audit?.Status is not { } status)
        {
            return;
        }

        Add("edgeproxy_audit_records_total", "Records brought into the audit chain.", status.Records);
        Add("edgeproxy_audit_bytes_total", "Bytes of the audit chain written.", status.Bytes);
        Add("edgeproxy_audit_lost_total", "Exchanges that were served and could not be recorded.", status.LostCount);
        Add("edgeproxy_audit_failures_total", "Writes and syncs of the audit chain that failed.", status.FailureCount);
        Gauge(samples, "edgeproxy_audit_stuck", "1 while the audit chain cannot be written.", status.IsStuck ? 1 : 0);
        Gauge(samples, "edgeproxy_audit_last_record", "Number of the last record on the disk.", status.Seq);
        if (status.LastClosed is { } closed)
        {
            samples.Add(new MetricSample(
                "edgeproxy_audit_signed_record",
                "Number of the last signed record; the hash is its segment's footer's.",
                MetricKind.Gauge, closed.LastSeq, [new MetricLabel("hash", AuditReport.Hex(closed.FooterHash))]));
        }

        if (_audit.Payloads?.Status is { } payloads)
        {
            Add("edgeproxy_audit_payloads_total", "Payloads kept beside the audit chain.", payloads.Stored);
            Add("edgeproxy_audit_payloads_dropped_total", "Payloads that found no room.", payloads.Dropped);
            Add("edgeproxy_audit_payload_files_unreadable_total", "Times a file of payloads could not be read.",
                payloads.Unreadable);
            Gauge(samples, "edgeproxy_audit_payloads_stuck", "1 while payloads cannot be kept.",
                payloads.IsStuck ? 1 : 0);
        }

        void Add(string name, string help, long value) =>
            samples.Add(new MetricSample(name, help, MetricKind.Counter, value, []));
    }
}
