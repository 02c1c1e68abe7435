using EdgeProxy.Audit;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Tables;

/// <summary>[audit]</summary>
internal static class AuditTable
{
    private const string Interval = "interval";
    private const string Always = "always";
    private const string Block = "block";
    private const string Gap = "gap";
    private const string Redacted = "redacted";
    private const string Full = "full";
    private const string None = "none";

    private static readonly FilePathKey Folder = new("directory", AuditLimits.PathCharsMax,
        "Where the chain is kept: segments, the key that signs them, what the loops noted. For one process; on a "
            + "file system that does not copy on write. Read at start only.")
    {
        Default = "/var/lib/edgeproxy/audit",
        DefaultToml = "\"/var/lib/edgeproxy/audit\"",
    };

    private static readonly FilePathKey KeyFile = new("key_file", AuditLimits.PathCharsMax,
        "PEM file of the ECDSA P-256 key that signs segments. Without it: key.pem in the directory, made at the first "
            + "start. Read at start only.")
    {
        ExampleToml = "\"/etc/edgeproxy/audit.key.pem\"",
    };

    private static readonly ChoiceKey Sync = new("fsync", [Interval, Always],
        "interval: a record outlives the process at once, and a power cut after fsync_interval. always: the end of an "
            + "answer waits until its record is on the disk.")
    {
        Default = Interval,
        DefaultToml = $"\"{Interval}\"",
    };

    private static readonly DurationKey SyncInterval = new("fsync_interval",
        AuditLimits.SyncIntervalMin, AuditLimits.SyncIntervalMax,
        "What a power cut may cost with fsync = \"interval\".")
    {
        Default = AuditLimits.SyncIntervalDefault,
        DefaultToml = $"\"{DurationText.Format(AuditLimits.SyncIntervalDefault)}\"",
    };

    private static readonly ChoiceKey OnFull = new("on_full", [Block, Gap],
        "While nothing can be written: block answers audited requests with 503, gap serves them and records how many "
            + "are missing.")
    {
        Default = Block,
        DefaultToml = $"\"{Block}\"",
    };

    private static readonly ChoiceKey Query = new("queries", [Redacted, Full, None],
        "How much of a query is recorded: names with their values left out, all of it, nothing.")
    {
        Default = Redacted,
        DefaultToml = $"\"{Redacted}\"",
    };

    private static readonly BooleanKey AllRouters = new("all_routers",
        "Every router is audited that does not say audit = false. Calls of models always are.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly SizeKey SegmentBytes = new("segment_bytes",
        AuditLimits.SegmentBytesMin, AuditLimits.SegmentBytesMax,
        "A file of the chain is signed, and the next one begun, when it has so much.")
    {
        Default = AuditLimits.SegmentBytesDefault,
        DefaultToml = $"\"{SizeText.Format(AuditLimits.SegmentBytesDefault)}\"",
    };

    private static readonly DurationKey SegmentAge = new("segment_age",
        AuditLimits.SegmentAgeMin, AuditLimits.SegmentAgeMax,
        "Or when it is so old.")
    {
        Default = AuditLimits.SegmentAgeDefault,
        DefaultToml = $"\"{DurationText.Format(AuditLimits.SegmentAgeDefault)}\"",
    };

    private static readonly SizeKey RetainBytes = new("retain_bytes",
        AuditLimits.RetainBytesMin, AuditLimits.RetainBytesMax,
        "The oldest files go while all have more. Without it: no limit.")
    {
        ExampleToml = "\"1GiB\"",
    };

    private static readonly DurationKey RetainAge = new("retain_age",
        AuditLimits.RetainAgeMin, AuditLimits.RetainAgeMax,
        "Files signed longer ago go. Without it: none does.")
    {
        ExampleToml = "\"2160h\"",
    };

    public static TableDeclaration Declaration { get; } = new("audit", IsNamed: false,
        "Records of what the proxy did, in a chain that shows any change. Without this table there are none.",
        [
            Folder, KeyFile, Sync, SyncInterval, OnFull, Query, AllRouters, SegmentBytes, SegmentAge, RetainBytes,
            RetainAge,
        ])
    {
        IsOptional = true,
        Tables = [AuditPayloadsTable.Declaration],
    };

    public static AuditSettings Parse(TableScope scope)
    {
        string? keyFile = KeyFile.Read(scope);
        var settings = new AuditSettings
        {
            Directory = Folder.Read(scope)!,
            KeyFile = keyFile,
            Sync = Sync.Read(scope) == Always ? AuditSync.Always : AuditSync.Interval,
            SyncInterval = SyncInterval.Read(scope),
            OnFull = OnFull.Read(scope) == Gap ? AuditFull.Gap : AuditFull.Block,
            Query = Query.Read(scope) switch
            {
                Full => AuditQuery.Full,
                None => AuditQuery.None,
                _ => AuditQuery.Redacted,
            },
            AllRouters = AllRouters.Read(scope),
            SegmentBytes = SegmentBytes.Read(scope),
            SegmentAge = SegmentAge.Read(scope),
            RetainBytes = RetainBytes.Read(scope),
            RetainAge = RetainAge.Read(scope),
            Payloads = AuditPayloadsTable.Parse(scope),
        };
        CheckEffect(scope, settings);
        return settings;
    }

    private static void CheckEffect(TableScope scope, AuditSettings settings)
    {
        if (settings.Sync == AuditSync.Always && scope.TryFind(SyncInterval.Name, out TomlEntry interval))
        {
            scope.Report(interval.Value, SyncInterval.Name, "does nothing beside fsync = \"always\"");
        }

        if (settings.RetainBytes > 0 && settings.RetainBytes < settings.SegmentBytes
            && scope.TryFind(RetainBytes.Name, out TomlEntry retained))
        {
            scope.Report(retained.Value, RetainBytes.Name,
                $"is less than one file has, segment_bytes = {SizeText.Format(settings.SegmentBytes)}");
        }
    }
}
