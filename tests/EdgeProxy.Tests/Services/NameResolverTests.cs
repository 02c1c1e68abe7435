using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Services;
using EdgeProxy.Tests.Host;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EdgeProxy.Tests.Services;

/// <summary>Names are looked up for as long as the proxy runs, whatever a reload or an answer does.</summary>
public sealed class NameResolverTests
{
    private static readonly IPAddress s_address = IPAddress.Parse("192.0.2.1");

    [Fact]
    public async Task Run_ReloadDuringARound_GoesOnWithTheNextServers()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        directory.Commit(directory.Prepare([Service("a.test", "b.test")]));
        var asked = new List<string>();
        var answer = new TaskCompletionSource<IPAddress[]>();
        var time = new ManualTime();
        var resolver = new NameResolver(
            (name, _) =>
            {
                asked.Add(name);
                return answer.Task;
            },
            time, NullLogger.Instance);
        using var ending = new CancellationTokenSource();
        Task running = resolver.RunAsync(() => directory.Servers, ending.Token);
        Assert.Equal(["a.test"], asked);

        // While the first answer is on its way, b.test leaves and c.test comes.
        directory.Commit(directory.Prepare([Service("a.test", "c.test")]));
        answer.SetResult([s_address]);

        Assert.False(running.IsCompleted, "a reload ended name resolution");
        Assert.Equal(["a.test"], asked);
        time.Advance(TimeSpan.FromSeconds(NameResolver.IntervalSeconds));
        await UntilAsync(() => directory.Servers.All(server => server.Address is not null));
        Assert.Equal(["a.test", "a.test", "c.test"], asked);
        await ending.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Resolve_AnyFailureOfALookUp_IsLoggedAndTheNextIsTried()
    {
        var log = new MemoryLog();
        var resolver = new NameResolver(
            (name, _) => name switch
            {
                "a.test" => throw new InvalidOperationException("the resolver's own mistake"),
                "b.test" => Task.FromException<IPAddress[]>(new SocketException(11001)),
                _ => Task.FromResult<IPAddress[]>([s_address]),
            },
            new ManualTime(), log);
        Server[] servers = [.. Servers("a.test", "b.test", "c.test")];

        await resolver.ResolveAsync(servers, CancellationToken.None);
        await resolver.ResolveAsync(servers, CancellationToken.None);

        Assert.Equal([null, null, s_address], servers.Select(server => server.Address?.Address));
        Assert.Equal(2, log.Lines.Count);
    }

    [Fact]
    public async Task Resolve_FailuresOfTwoRoundsAtOnce_AreLoggedOncePerServer()
    {
        // A reload looks names up while the periodic round does; a set that both change without a lock loses count.
        var log = new CountingLog();
        var resolver = new NameResolver(
            static (_, _) => Task.FromResult<IPAddress[]>([]), new ManualTime(), log);
        Server[] servers = [.. Servers([.. Enumerable.Range(0, 20_000).Select(i => $"s{i}.test")])];
        using var start = new Barrier(4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            start.SignalAndWait();
            await resolver.ResolveAsync(servers, CancellationToken.None);
        })));

        Assert.Equal(servers.Length, log.Count);
    }

    private static ServiceSettings Service(params string[] hosts) => new()
    {
        Name = "s",
        Servers = [.. hosts.Select(host => new ServerSettings(host, 80, 1))],
    };

    private static IEnumerable<Server> Servers(params string[] hosts) =>
        hosts.Select(host => new Server("s", host, 80, loopCount: 1));

    // A continuation of a timer may run on a thread of the pool.
    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class CountingLog : ILogger
    {
        private int _count;

        public int Count => _count;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Interlocked.Increment(ref _count);
    }
}
