using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services.Naming;

/// <summary>
/// The names of servers and their addresses: each is looked up when it appears and again when its answer has expired,
/// off the loops. When nobody can say, what was last said stays. Any thread.
/// </summary>
internal sealed class NameWatch(
    Func<string, Task<NameAnswer>> lookUp, TimeProvider time, ILogger logger)
{
    /// <summary>Addresses of one name that become servers; the lowest of those there are.</summary>
    public const int AddressesMax = 32;

    /// <summary>An answer is not asked for again before, whatever it says of itself.</summary>
    public static readonly TimeSpan TtlMin = TimeSpan.FromSeconds(1);

    /// <summary>Nor kept for longer.</summary>
    public static readonly TimeSpan TtlMax = TimeSpan.FromMinutes(5);

    /// <summary>The longest between two tries while nobody can say; the first is after <see cref="TtlMin"/>.</summary>
    public static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    // How often it is looked whether an answer has expired.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(0.5);

    // Look-ups at a time: each has a thread while it waits.
    private const int AtATimeMax = 8;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();
    private int _hasChanged;

    /// <summary>In order; empty if none are known.</summary>
    public IReadOnlyList<IPAddress> Find(string host)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(host, out Entry? entry) ? entry.Addresses : [];
        }
    }

    /// <summary>These are needed, too; those that are new are due. True if some are.</summary>
    public bool Add(IEnumerable<string> hosts)
    {
        bool isAny = false;
        lock (_lock)
        {
            foreach (string host in hosts)
            {
                isAny |= _entries.TryAdd(host, new Entry(host));
            }
        }

        return isAny;
    }

    /// <summary>Others are not needed any more.</summary>
    public void Keep(IEnumerable<string> hosts)
    {
        var kept = new HashSet<string>(hosts, StringComparer.OrdinalIgnoreCase);
        lock (_lock)
        {
            foreach (string host in new List<string>(_entries.Keys))
            {
                if (!kept.Contains(host))
                {
                    _entries.Remove(host);
                }
            }
        }
    }

    /// <summary>Whether some name has other addresses than when this was asked last.</summary>
    public bool TakeChange() => Interlocked.Exchange(ref _hasChanged, 0) != 0;

    /// <summary>Nothing came of a change that was taken: it is news again.</summary>
    public void GiveBack() => Volatile.Write(ref _hasChanged, 1);

    /// <summary>Looks up what is due. Never throws.</summary>
    public async Task ResolveDueAsync()
    {
        List<Entry> due = TakeDue();
        var running = new List<Task>(AtATimeMax);
        foreach (Entry entry in due)
        {
            if (running.Count == AtATimeMax)
            {
                running.Remove(await Task.WhenAny(running).ConfigureAwait(false));
            }

            running.Add(ResolveAsync(entry));
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>Runs until cancelled; <paramref name="changed"/> hears that addresses changed.</summary>
    public async Task RunAsync(Action changed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                await ResolveDueAsync().ConfigureAwait(false);
                if (TakeChange())
                {
                    Tell(changed);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The proxy is going down.
        }
    }

    private void Tell(Action changed)
    {
        try
        {
            changed();
        }
        catch (Exception exception)
        {
            Log.NotApplied(logger, exception);
        }
    }

    private List<Entry> TakeDue()
    {
        long now = time.GetTimestamp();
        var due = new List<Entry>();
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values)
            {
                if (!entry.IsAsked && entry.DueAt <= now)
                {
                    entry.IsAsked = true;
                    due.Add(entry);
                }
            }
        }

        return due;
    }

    private async Task ResolveAsync(Entry entry)
    {
        NameAnswer answer;
        try
        {
            answer = await lookUp(entry.Host).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            answer = NameAnswer.Failed(exception.Message);
        }

        bool isNews;
        lock (_lock)
        {
            isNews = Take(entry, answer);
        }

        if (isNews && answer.Problem.Length > 0)
        {
            Log.Unresolved(logger, entry.Host, answer.Problem, null);
        }
        else if (isNews)
        {
            Log.Resolved(logger, entry.Host, null);
        }
    }

    // True if it failed and did not before, or the other way round.
    private bool Take(Entry entry, NameAnswer answer)
    {
        entry.IsAsked = false;
        bool failed = answer.Addresses.Count == 0;
        bool isNews = failed ? entry.Failures == 0 : entry.Failures > 0;
        entry.Failures = failed ? entry.Failures + 1 : 0;
        TimeSpan wait = failed
            ? TtlMin * Math.Min(1 << Math.Min(entry.Failures - 1, 10), (int)(RetryMax / TtlMin))
            : TimeSpan.FromTicks(Math.Clamp(answer.Ttl.Ticks, TtlMin.Ticks, TtlMax.Ticks));
        entry.DueAt = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        if (failed)
        {
            return isNews;
        }

        IPAddress[] addresses = InOrder(answer.Addresses);
        if (!addresses.AsSpan().SequenceEqual(entry.Addresses))
        {
            entry.Addresses = addresses;
            Volatile.Write(ref _hasChanged, 1);
        }

        return isNews;
    }

    // The order of an answer says nothing, and may be another each time.
    private static IPAddress[] InOrder(IReadOnlyList<IPAddress> addresses)
    {
        var sorted = new SortedDictionary<string, IPAddress>(StringComparer.Ordinal);
        foreach (IPAddress address in addresses)
        {
            IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            sorted[$"{plain.AddressFamily} {Convert.ToHexString(plain.GetAddressBytes())}"] = plain;
        }

        var list = new List<IPAddress>(sorted.Values);
        return [.. list[..Math.Min(list.Count, AddressesMax)]];
    }

    private sealed class Entry(string host)
    {
        public string Host => host;

        public IPAddress[] Addresses { get; set; } = [];

        public long DueAt { get; set; } = long.MinValue;

        public bool IsAsked { get; set; }

        public int Failures { get; set; }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> Unresolved =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.ServerUnresolved,
                "name {Host} has no new addresses ({Reason}); the last ones stay");

        public static readonly Action<ILogger, string, Exception?> Resolved =
            LoggerMessage.Define<string>(LogLevel.Information, EventIds.ServerResolved, "name {Host} resolves again");

        public static readonly Action<ILogger, Exception?> NotApplied =
            LoggerMessage.Define(LogLevel.Error, EventIds.ServersNotReplaced,
                "new addresses of servers could not be taken");
    }
}
