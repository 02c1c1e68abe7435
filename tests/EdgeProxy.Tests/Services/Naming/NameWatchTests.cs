using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Naming;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Services.Naming;

/// <summary>Which addresses a name has, while answers expire and fail; and the servers they become.</summary>
public sealed class NameWatchTests
{
    private readonly ManualTime _time = new();
    private readonly MemoryLog _log = new();
    private readonly Dictionary<string, NameAnswer> _answers = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];
    private readonly NameWatch _names;

    public NameWatchTests() => _names = new NameWatch(
        host =>
        {
            _asked.Add(host);
            return _answers.TryGetValue(host, out NameAnswer? answer)
                ? Task.FromResult(answer)
                : throw new InvalidOperationException("the look-up's own mistake");
        },
        _time,
        _log);

    [Fact]
    public async Task Answer_IsAskedForAgainWhenItExpired()
    {
        Say("a.test", 20, "10.0.0.2", "10.0.0.1", "10.0.0.2");
        _names.Add(["a.test"]);
        await _names.ResolveDueAsync();

        Assert.Equal(["10.0.0.1", "10.0.0.2"], Found("a.test"));
        Assert.True(_names.TakeChange());
        await PassAsync(19);
        Assert.Single(_asked);
        await PassAsync(2);
        Assert.Equal(2, _asked.Count);
        Assert.False(_names.TakeChange());
        Say("a.test", 20, "10.0.0.3");
        await PassAsync(21);
        Assert.Equal(["10.0.0.3"], Found("a.test"));
        Assert.True(_names.TakeChange());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(100_000, 300)]
    public async Task Ttl_IsBounded(int ttl, int seconds)
    {
        Say("a.test", ttl, "10.0.0.1");
        _names.Add(["a.test"]);
        await _names.ResolveDueAsync();

        await PassAsync(seconds - 0.1);
        Assert.Single(_asked);
        await PassAsync(0.2);
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Failure_LastAnswerStays_AndItIsToldOnce()
    {
        Say("a.test", 5, "10.0.0.1");
        _names.Add(["a.test", "never.test"]);
        await _names.ResolveDueAsync();
        _answers["a.test"] = NameAnswer.Failed("no name server answers");

        // Each try twice as long after the one before, and never more than half a minute.
        int before = _asked.Count(name => name == "a.test");
        for (int second = 0; second < 100; second++)
        {
            await PassAsync(1);
        }

        Assert.InRange(_asked.Count(name => name == "a.test") - before, 6, 9);
        Assert.Equal(["10.0.0.1"], Found("a.test"));
        Assert.Empty(Found("never.test"));
        Assert.Equal(2, _log.Lines.Count);
        Say("a.test", 5, "10.0.0.1");
        await PassAsync(31);
        Assert.Equal(3, _log.Lines.Count);
    }

    // By a configuration that was then refused.
    [Fact]
    public async Task ChangeTakenForNothing_GivenBack_IsToldAgain()
    {
        Say("a.test", 5, "10.0.0.1");
        _names.Add(["a.test"]);
        await _names.ResolveDueAsync();
        Assert.True(_names.TakeChange());
        _names.GiveBack();

        Assert.True(_names.TakeChange());
        Assert.False(_names.TakeChange());
    }

    [Fact]
    public async Task Keep_OthersAreForgotten()
    {
        Say("a.test", 5, "10.0.0.1");
        Say("b.test", 5, "10.0.0.2");
        Assert.True(_names.Add(["a.test", "b.test"]));
        await _names.ResolveDueAsync();

        Assert.False(_names.Add(["A.TEST"]));
        _names.Keep(["b.test"]);

        Assert.Empty(Found("a.test"));
        Assert.Equal(["10.0.0.2"], Found("b.test"));
    }

    [Fact]
    public async Task Run_TellsOfChanges_AndSurvivesWhoeverIsTold()
    {
        Say("a.test", 5, "10.0.0.1");
        _names.Add(["a.test"]);
        using var ending = new CancellationTokenSource();
        int told = 0;
        Task running = _names.RunAsync(
            () =>
            {
                Interlocked.Increment(ref told);
                throw new InvalidOperationException("not taken");
            },
            ending.Token);

        await TickUntilAsync(() => Volatile.Read(ref told) == 1);
        Say("a.test", 5, "10.0.0.2");
        await TickUntilAsync(() => Volatile.Read(ref told) == 2);
        await ending.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Servers_OnePerAddress_KeptWhileTheirAddressIs()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1, _names);
        var settings = new ServiceSettings
        {
            Name = "s",
            Servers = [new ServerSettings("a.test", 80, 3) { Priority = 1 }, new ServerSettings("192.0.2.9", 80, 1)],
        };
        Say("a.test", 5, "10.0.0.1", "2001:db8::1");
        _names.Add(["a.test"]);

        Service before = Apply(directory, settings);
        Assert.Equal(["a.test:80", "192.0.2.9:80"], before.Servers.Select(server => server.Name));
        Assert.Null(before.Servers[0].Address);

        await _names.ResolveDueAsync();
        Service with2 = Apply(directory, settings);
        Assert.Equal(
            ["a.test:80 (10.0.0.1)", "a.test:80 (2001:db8::1)", "192.0.2.9:80"],
            with2.Servers.Select(server => server.Name));
        Assert.Equal(["10.0.0.1:80", "[2001:db8::1]:80", "192.0.2.9:80"],
            with2.Servers.Select(server => server.Address!.ToString()));
        Assert.Equal([3, 3, 1], with2.Servers.Select((_, place) => with2.Weights[place]));
        Assert.Equal("a.test", System.Text.Encoding.ASCII.GetString(with2.Servers[1].Authority.Span));

        Say("a.test", 5, "2001:db8::1", "10.0.0.7");
        await PassAsync(6);
        Service changed = Apply(directory, settings);
        Assert.Same(with2.Servers[1], changed.Servers[1]);
        Assert.Same(with2.Servers[2], changed.Servers[2]);
        Assert.True(with2.Servers[0].IsRetired);
        Assert.Equal("a.test:80 (10.0.0.7)", changed.Servers[0].Name);
    }

    [Fact]
    public async Task Durations_AddressesChange_CountOn()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1, _names);
        var settings = new ServiceSettings { Name = "s", Servers = [new ServerSettings("a.test", 80, 1)] };
        Say("a.test", 5, "10.0.0.1", "10.0.0.2");
        _names.Add(["a.test"]);
        Service nameless = Apply(directory, settings);
        Count(nameless.Servers[0]);
        await _names.ResolveDueAsync();
        Service both = Apply(directory, settings);
        Count(both.Servers[0]);
        Count(both.Servers[1]);

        Say("a.test", 5, "10.0.0.3");
        await PassAsync(6);
        directory.Prepare([settings]); // not taken
        Service other = Apply(directory, settings);
        Count(other.Servers[0]);
        Count(both.Servers[0]); // what began before it was gone

        var sum = new DurationSum();
        Assert.True(other.Servers[0].Durations.TryRead(Method.Get, 1, sum));
        Assert.Equal(5, sum.Count);

        // Another port, or service, is another series.
        Service moved = Apply(directory, settings with { Servers = [new ServerSettings("a.test", 81, 1)] });
        Assert.False(moved.Servers[0].Durations.TryRead(Method.Get, 1, sum));
    }

    private static void Count(Server server) => server.Durations.Of(0, Method.Get, 1).Add(1_000);

    private static Service Apply(ServiceDirectory directory, ServiceSettings settings)
    {
        Dictionary<string, Service> services = directory.Prepare([settings]);
        directory.Commit(services);
        return services["s"];
    }

    private void Say(string host, int ttl, params string[] addresses) => _answers[host] = new NameAnswer(
        [.. addresses.Select(IPAddress.Parse)], TimeSpan.FromSeconds(ttl), "");

    private IEnumerable<string> Found(string host) => _names.Find(host).Select(address => address.ToString());

    private Task PassAsync(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return _names.ResolveDueAsync();
    }

    private async Task TickUntilAsync(Func<bool> condition)
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < limit, "did not happen");
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
