using System;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Config.Tables;

/// <summary>[telemetry.spool]</summary>
internal static class SpoolTable
{
    private static readonly FolderKey Directory = new("directory",
        "A folder of this process's own; it is made. What was not sent survives a restart there.")
    {
        IsRequired = true,
        ExampleToml = "\"/var/lib/edgeproxy/spool\"",
    };

    private static readonly SizeKey BytesMax = new("bytes_max", SpoolLimits.BytesMin, int.MaxValue,
        "What it may hold, compressed. Over it the oldest traces go, then the oldest logs.")
    {
        Default = (int)SpoolLimits.BytesDefault,
        DefaultToml = $"\"{SizeText.Format((int)SpoolLimits.BytesDefault)}\"",
    };

    private static readonly DurationKey AgeMax = new("age_max", TimeSpan.FromMinutes(1), TimeSpan.FromDays(30),
        "What is older is dropped.")
    {
        Default = SpoolLimits.AgeDefault,
        DefaultToml = $"\"{DurationText.Format(SpoolLimits.AgeDefault)}\"",
    };

    private static readonly SizeKey FreeDiskMin = new("free_disk_min", 0, int.MaxValue,
        "It does not grow while less than this is free on its disk.")
    {
        Default = (int)SpoolLimits.FreeDiskDefault,
        DefaultToml = $"\"{SizeText.Format((int)SpoolLimits.FreeDiskDefault)}\"",
    };

    private static readonly DurationKey FsyncInterval = new("fsync_interval", TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMinutes(5),
        "How long a power cut may take back what was stored. What is sent before is never synced.")
    {
        Default = SpoolLimits.FsyncDefault,
        DefaultToml = $"\"{DurationText.Format(SpoolLimits.FsyncDefault)}\"",
        ZeroMeans = "to sync each batch",
    };

    private static readonly SizeKey DrainRate = new("drain_bytes_per_second", 0, int.MaxValue,
        "How fast a backlog is sent when the collector is back, so that a fleet does not flood it. 0: no limit.")
    {
        Default = (int)SpoolLimits.DrainDefault,
        DefaultToml = $"\"{SizeText.Format((int)SpoolLimits.DrainDefault)}\"",
    };

    public static TableDeclaration Declaration { get; } = new("spool", IsNamed: false,
        "Keeps on disk what the collector has not got yet. Deployments are sent before logs, logs before traces.",
        [Directory, BytesMax, AgeMax, FreeDiskMin, FsyncInterval, DrainRate])
    {
        ExampleToml = """
            [telemetry.otlp]
            endpoint = "http://collector.example.com:4318"
            [telemetry.spool]
            directory = "/var/lib/edgeproxy/spool"
            """,
    };

    /// <summary>Null if there is none.</summary>
    public static SpoolSettings? Parse(TableScope parent) => parent.Below(Declaration) is { } scope
        ? new SpoolSettings
        {
            Directory = Directory.Read(scope) ?? "",
            BytesMax = BytesMax.Read(scope),
            AgeMax = AgeMax.Read(scope),
            FreeDiskMin = FreeDiskMin.Read(scope),
            FsyncInterval = FsyncInterval.Read(scope),
            DrainBytesPerSecond = DrainRate.Read(scope),
        }
        : null;

    private sealed class FolderKey(string name, string doc) : Key<string?>(name, doc)
    {
        private const int PathCharsMax = 4096; // PATH_MAX

        public override string TypeText => "folder";

        public override string Accepts => "write " + Range;

        public override string Range => "an absolute path, \"/var/lib/edgeproxy/spool\"";

        protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value)
        {
            if (!TryText(node, scope, out value))
            {
                return false;
            }

            bool isPath = value.StartsWith('/') && value.Length is > 1 and <= PathCharsMax && !value.Contains('\0');
            return isPath || RefuseText(node, value, scope, "is no absolute path");
        }
    }
}
