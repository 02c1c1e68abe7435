using System;
using System.Diagnostics;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>strategy = "least_time" over two providers of one model.</summary>
public sealed class AiTargetTimeTests
{
    private const string Chat = "/v1/chat/completions";
    private const int Calls = 40; // by weight alone all of them would miss one target once in 2^40
    private const int AttemptsMax = 4;

    /// <summary>By weight alone all of them would miss the slow one once in 2^200.</summary>
    private const int FirstCallsMax = 200;

    /// <summary>How many times longer than any call of the fast one the slow one takes.</summary>
    private const int Slower = 10;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>
    /// No call is held longer, by far within what the test waits for one; and within it what was measured keeps
    /// seven tenths of its say.
    /// </summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    // The slow one's answer comes when it has taken ten times what the slowest call of the other took. Where the
    // machine then holds a call of the fast one up for as long as that, it is the slow one, and nothing can be said.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_GoToTheProviderThatAnswersSoon(bool isStream)
    {
        string body = isStream ? "{\"model\":\"best\",\"stream\":true}" : "{\"model\":\"best\"}";
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (await TryAsync(body) is { } slowCalls)
            {
                Assert.Equal(0, slowCalls);
                return;
            }
        }

        Assert.Skip("the machine held a call up for seconds, again and again");
    }

    // How many of the last calls the slow one got; null if the machine was too slow to tell.
    private static async Task<int?> TryAsync(string body)
    {
        await using ModelServer fast = ModelServer.Start();
        await using ModelServer slow = ModelServer.Start();
        slow.Temper = ModelTemper.Slow;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(fast.Port, slow.Port));
        TimeSpan slowest = TimeSpan.Zero;

        // Until both were asked: nobody knows of one that it is slow, so it is asked sooner or later.
        Task<RawResponse> held;
        for (int call = 0; ; call++)
        {
            Assert.True(call < FirstCallsMax, $"the slow one was not asked in {FirstCallsMax} calls");
            long began = Stopwatch.GetTimestamp();
            held = AiProxy.PostAsync(proxy, Chat, body);
            await Eventually.TrueAsync(() => held.IsCompleted || slow.Requests.Count > 0, "a provider to be asked");
            if (slow.Requests.Count > 0)
            {
                break;
            }

            Assert.Equal(200, (await held).Status);
            slowest = Max(slowest, Stopwatch.GetElapsedTime(began));
        }

        long since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < Max(Least, Slower * slowest) && Slower * slowest < Most)
        {
            slowest = Max(slowest, await CallAsync(proxy, body));
        }

        slow.Gate.Open();
        TimeSpan taken = Stopwatch.GetElapsedTime(since);
        Assert.Equal(200, (await held).Status);
        int before = slow.Requests.Count;
        since = Stopwatch.GetTimestamp();
        bool isQuick = Slower * slowest < Most;
        for (int call = 0; call < Calls && isQuick; call++)
        {
            isQuick = await CallAsync(proxy, body) * 4 < taken && Stopwatch.GetElapsedTime(since) < Most;
        }

        return isQuick ? slow.Requests.Count - before : null;
    }

    private static async Task<TimeSpan> CallAsync(ProxyProcess proxy, string body)
    {
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, body)).Status);
        return Stopwatch.GetElapsedTime(began);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static ProxyConfig Config(int fast, int slow) => new()
    {
        IsBare = true,
        More = $$"""
            [routers.llm]
            rule = "PathPrefix(`/`)"
            service = "llm"

            [services.llm.ai]
            strategy = "least_time"
            models = [{ name = "best", provider = "fast" }, { name = "best", provider = "slow" }]

            [ai.providers.fast]
            kind = "openai"
            base_url = "http://127.0.0.1:{{fast}}/v1"

            [ai.providers.slow]
            kind = "openai"
            base_url = "http://127.0.0.1:{{slow}}/v1"
            """,
    };
}
