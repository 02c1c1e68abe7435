using System;
using System.Collections.Generic;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Routing;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Percent-encoded bytes a router may let through; all are refused by default (reliability: desync and bypass).
/// </summary>
[Flags]
internal enum EncodedBytes : byte
{
    None = 0,

    /// <summary>%2F</summary>
    Slash = 1,

    /// <summary>%5C, and a raw backslash</summary>
    Backslash = 2,

    /// <summary>%00</summary>
    Nul = 4,
}

/// <summary>What of a router's exchanges is recorded in the audit chain.</summary>
internal enum AuditScope : byte
{
    None,

    /// <summary>That it was, by whom, for what, how it ended.</summary>
    Facts,

    /// <summary>And the SHA-256 of both bodies.</summary>
    Digests,
}

/// <summary>A router, resolved: which entrypoints, which rule, which service.</summary>
internal sealed record RouterSettings
{
    public required string Name { get; init; }

    /// <summary>Names of existing entrypoints, never empty.</summary>
    public required IReadOnlyList<string> EntryPoints { get; init; }

    public required string RuleText { get; init; }

    public required Rule Rule { get; init; }

    /// <summary>Explicit priority; null orders by specificity.</summary>
    public int? Priority { get; init; }

    /// <summary>Name of an existing service.</summary>
    public required string Service { get; init; }

    /// <summary>Names of existing middlewares, in order; chains are resolved.</summary>
    public Sequence<string> Middlewares { get; init; } = Sequence<string>.Empty;

    /// <summary>What it asks of clients who come for its hosts; null: what the entrypoint asks.</summary>
    public ClientPolicy? ClientPolicy { get; init; }

    /// <summary>TOML: routers.NAME.access_log.</summary>
    public bool IsLogged { get; init; } = true;

    /// <summary>Of traces that begin with its requests; null: as [telemetry.traces] has it.</summary>
    public TraceRatio? TraceRatio { get; init; }

    /// <summary>TOML: routers.NAME.allow_encoded = ["slash", "backslash", "nul"].</summary>
    public EncodedBytes AllowEncoded { get; init; }

    /// <summary>What the router, [audit] and the kind of its service say together.</summary>
    public AuditScope Audit { get; init; }

    /// <summary>TOML: routers.NAME.audit_payloads.</summary>
    public PayloadMode Payloads { get; init; }
}
