using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>How a service chooses; the words of TOML's services.NAME.strategy.</summary>
internal enum StrategyKind : byte
{
    RoundRobin,
    P2c,
    LeastConnections,
    LeastTime,
    Hash,
    Random,
}

/// <summary>
/// A way to choose among servers. Has no state of its own, so one serves all loops and services: what it remembers is
/// the loop's, in <see cref="ServiceShard"/> and <see cref="ServerLoad"/>. Never allocates.
/// </summary>
internal abstract class Strategy
{
    /// <summary>What <see cref="Choose"/> answers when no candidate is usable.</summary>
    public const int None = -1;

    /// <summary>The place of the server to ask, or <see cref="None"/>.</summary>
    public abstract int Choose(in Candidates candidates);

    public static Strategy Of(StrategyKind kind) => kind switch
    {
        StrategyKind.RoundRobin => new RoundRobin(),
        StrategyKind.P2c => new TwoChoices(),
        StrategyKind.LeastConnections => new LeastConnections(),
        StrategyKind.LeastTime => new LeastTime(),
        StrategyKind.Hash => new Rendezvous(),
        StrategyKind.Random => new RandomDraw(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such strategy"),
    };
}
