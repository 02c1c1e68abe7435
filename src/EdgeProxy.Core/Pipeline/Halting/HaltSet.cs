using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace EdgeProxy.Pipeline.Halting;

/// <summary>What a halt is of.</summary>
internal enum HaltKind : byte
{
    All,
    Router,
    Consumer,

    /// <summary>By the name clients ask for, or the provider's; with a * at its end the beginning of many.</summary>
    Model,
}

/// <summary>One halt.</summary>
/// <param name="Name">"" of all.</param>
internal readonly record struct HaltTarget(HaltKind Kind, string Name)
{
    // A model's name may be anything visible; other names are those of tables.
    private const int NameCharsMax = 128;

    /// <summary>Null if no halt is written so.</summary>
    public static HaltTarget? Parse(string kind, string name)
    {
        HaltKind? known = kind switch
        {
            "router" => HaltKind.Router,
            "consumer" => HaltKind.Consumer,
            "model" => HaltKind.Model,
            _ => null,
        };
        bool isName = name.Length is > 0 and <= NameCharsMax && name.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;
        return known is { } target && isName ? new HaltTarget(target, name) : null;
    }

    public override string ToString() =>
        Kind == HaltKind.All ? "all" : $"{Kind.ToString().ToLowerInvariant()} {Name}";
}

/// <summary>What an operator halted: immutable, asked by the loops.</summary>
internal sealed class HaltSet
{
    private readonly HashSet<string> _routers = [];
    private readonly HashSet<string> _consumers = [];
    private readonly List<byte[]> _models = [];
    private readonly List<byte[]> _modelBeginnings = [];
    private readonly bool _isAll;

    public HaltSet(IReadOnlyList<HaltTarget> targets)
    {
        Targets = targets;
        foreach (HaltTarget target in targets)
        {
            switch (target.Kind)
            {
                case HaltKind.All:
                    _isAll = true;
                    break;
                case HaltKind.Router:
                    _routers.Add(target.Name);
                    break;
                case HaltKind.Consumer:
                    _consumers.Add(target.Name);
                    break;
                case HaltKind.Model when target.Name.EndsWith('*'):
                    _modelBeginnings.Add(Encoding.UTF8.GetBytes(target.Name[..^1]));
                    break;
                default:
                    _models.Add(Encoding.UTF8.GetBytes(target.Name));
                    break;
            }
        }
    }

    public static HaltSet None { get; } = new([]);

    public IReadOnlyList<HaltTarget> Targets { get; }

    public bool IsEmpty => Targets.Count == 0;

    /// <summary>By all that is known of the exchange so far; never what the proxy answers itself for.</summary>
    public bool Stops(Exchange exchange) =>
        !IsEmpty && exchange.Entry.LocalService is null
        && (_isAll
            || (exchange is { Route: { } route, ModelChoice.IsOpen: false } && _routers.Contains(route.Name))
            || (exchange.Consumer is { } consumer && _consumers.Contains(consumer.Name))
            || exchange.Call?.IsHalted(this) == true);

    public bool HasModel(ReadOnlySpan<byte> name)
    {
        foreach (byte[] model in _models)
        {
            if (name.SequenceEqual(model))
            {
                return true;
            }
        }

        foreach (byte[] beginning in _modelBeginnings)
        {
            if (!name.IsEmpty && name.StartsWith(beginning))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Where loops find what is halted now.</summary>
internal sealed class HaltCell
{
    private HaltSet _current = HaltSet.None;

    public HaltSet Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
