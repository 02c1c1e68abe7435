using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services.Health;
using EdgeProxy.Services.Sticky;

namespace EdgeProxy.Services.Composing;

/// <summary>How a composed service chooses; the words of TOML's services.NAME.KIND.</summary>
internal enum ComposedKind : byte
{
    /// <summary>By weight, among members with a usable server.</summary>
    Weighted,

    /// <summary>
    /// The first member; the second while the first has no usable server, or in the place of an answer it gives.
    /// </summary>
    Failover,

    /// <summary>The first member; the others get copies.</summary>
    Mirror,
}

/// <summary>A service that another is composed of.</summary>
/// <param name="Name">Name of an existing service; it does not lead back to the composed one.</param>
/// <param name="Weight">
/// 0 to 1000; its share of the requests. Of a mirror 0 to 100 percent. Failover does not look at it.
/// </param>
internal sealed record MemberSettings(string Name, int Weight);

/// <summary>A service whose requests go to one of other services.</summary>
internal sealed record ComposedSettings
{
    public required string Name { get; init; }

    public ComposedKind Kind { get; init; }

    /// <summary>
    /// Never empty, and no name twice; some weight is above 0. Failover has two; with mirror the main service is first.
    /// </summary>
    public Sequence<MemberSettings> Members { get; init; } = Sequence<MemberSettings>.Empty;

    /// <summary>Null if clients have no member of their own; of weighted only.</summary>
    public StickySettings? Sticky { get; init; }

    /// <summary>Of failover: answers of the main service that are not passed on if the request may go again.</summary>
    public StatusSet Statuses { get; init; } = StatusSet.Empty;

    /// <summary>
    /// Of failover: a longer body is not kept, so its request is not sent to the fallback. Of mirror: a request with a
    /// longer one is not copied. Up to 1 MiB.
    /// </summary>
    public int BodyBytesMax { get; init; }

    /// <summary>Of mirror: copies under way to one of them, over all loops; others are not made. 1 to 10,000.</summary>
    public int InFlightMax { get; init; }
}

/// <summary>Named limits of composed services.</summary>
internal static class ComposedLimits
{
    public const int MembersMax = 64;
    public const int WeightMax = 1000;
    public const int MirrorsMax = 4;
    public const int MirrorBodyBytesDefault = 64 * 1024;
    public const int MirrorBodyBytesMax = 1024 * 1024;
    public const int MirrorInFlightDefault = 64;
    public const int MirrorInFlightMax = 10_000;

    /// <summary>Composed services within each other; each costs a request one more choice.</summary>
    public const int NestingMax = 8;
}
