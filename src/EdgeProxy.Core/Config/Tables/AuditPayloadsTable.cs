using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Tables;

/// <summary>[audit.payloads]</summary>
internal static class AuditPayloadsTable
{
    private const string Drop = "drop";
    private const string Block = "block";

    private static readonly FilePathKey PublicKeyFile = new("public_key_file", AuditLimits.PathCharsMax,
        "PEM file of the P-256 public key that audit_payloads = \"sealed\" encrypts to; the private key is kept "
            + "elsewhere. Read at each reload.")
    {
        ExampleToml = "\"/etc/edgeproxy/payloads.pub.pem\"",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes",
        PayloadLimits.BodyBytesMin, PayloadLimits.BodyBytesMax,
        "So much of the beginning of each body is kept, and the entry says that there was more.")
    {
        Default = PayloadLimits.BodyBytesDefault,
        DefaultToml = $"\"{SizeText.Format(PayloadLimits.BodyBytesDefault)}\"",
    };

    private static readonly SizeKey MemoryBytes = new("memory_bytes",
        PayloadLimits.MemoryBytesMin, PayloadLimits.MemoryBytesMax,
        "What exchanges under way, and those not written yet, may hold in all.")
    {
        Default = PayloadLimits.MemoryBytesDefault,
        DefaultToml = $"\"{SizeText.Format(PayloadLimits.MemoryBytesDefault)}\"",
    };

    private static readonly SizeKey RetainBytes = new("retain_bytes",
        PayloadLimits.RetainBytesMin, AuditLimits.RetainBytesMax,
        "The oldest files go while all have more.")
    {
        Default = PayloadLimits.RetainBytesDefault,
        DefaultToml = $"\"{SizeText.Format(PayloadLimits.RetainBytesDefault)}\"",
    };

    private static readonly DurationKey RetainAge = new("retain_age",
        AuditLimits.RetainAgeMin, AuditLimits.RetainAgeMax,
        "Files begun longer ago go; one takes entries for an hour at most. Without it: none does.")
    {
        ExampleToml = "\"720h\"",
    };

    private static readonly SizeKey FreeDiskMin = new("free_disk_min", 0, int.MaxValue,
        "Nothing is kept while less than this is free on the disk.")
    {
        Default = PayloadLimits.FreeDiskDefault,
        DefaultToml = $"\"{SizeText.Format(PayloadLimits.FreeDiskDefault)}\"",
    };

    private static readonly ChoiceKey OnFull = new("on_full", [Drop, Block],
        "While payloads find no room: drop serves requests, and their records say that payloads were dropped; block "
            + "answers them with 503. What is under way then is served either way.")
    {
        Default = Drop,
        DefaultToml = $"\"{Drop}\"",
    };

    public static TableDeclaration Declaration { get; } = new("payloads", IsNamed: false,
        "Bodies that routers with audit_payloads keep, in files apart from the chain: they can be erased, and the "
            + "chain goes on to verify.",
        [PublicKeyFile, BodyBytes, MemoryBytes, RetainBytes, RetainAge, FreeDiskMin, OnFull]);

    public static PayloadSettings Parse(TableScope parent) => parent.Below(Declaration) is { } scope
        ? new PayloadSettings
        {
            PublicKeyFile = PublicKeyFile.Read(scope),
            BodyBytes = BodyBytes.Read(scope),
            MemoryBytes = MemoryBytes.Read(scope),
            RetainBytes = RetainBytes.Read(scope),
            RetainAge = RetainAge.Read(scope),
            FreeDiskMin = FreeDiskMin.Read(scope),
            OnFull = OnFull.Read(scope) == Block ? PayloadsFull.Block : PayloadsFull.Drop,
        }
        : new PayloadSettings();
}
