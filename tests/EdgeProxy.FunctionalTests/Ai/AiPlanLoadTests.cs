using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>
/// A cap holds under 1,000 streamed calls at once, on all loops: what the provider counted never passes it by more than
/// what prompts were longer than estimated (decision 83), here nothing; and a SIGKILL in the middle forgets none of it.
/// </summary>
public sealed class AiPlanLoadTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = "{\"model\":\"fast\",\"stream\":true,\"max_tokens\":40,\"messages\":[]}";
    private const int Calls = 1_000;
    private const int SignalKill = 9;
    private const int CallOutput = 40;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-planload-");

    [Fact]
    public async Task AThousandStreamsAtOnce_NeverPassTheCap()
    {
        const int Max = 4_010; // 100 calls and a quarter of one
        await using ModelServer server = ModelServer.Start();
        server.OutputTokens = CallOutput;
        server.Temper = ModelTemper.Stalled;
        await using ProxyProcess proxy = await StartAsync(server, Max);

        Task<int>[] calls = [.. Enumerable.Range(0, Calls).Select(_ => CallAsync(proxy))];
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_plan_refused_total") == Calls - (Max / CallOutput),
            "all that are over the cap to be refused while none has ended");
        Assert.Equal(Max / CallOutput * CallOutput, await proxy.MetricAsync("edgeproxy_plan_used"));
        server.Gate.Open();
        int[] statuses = await Task.WhenAll(calls);

        Assert.Equal(Max / CallOutput, statuses.Count(status => status == 200));
        Assert.Equal(Calls - (Max / CallOutput), statuses.Count(status => status == 429));
        Assert.Equal(Max / CallOutput, server.Requests.Count);
        Assert.Equal(Max / CallOutput * CallOutput, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    [Fact]
    public async Task Killed_UnderLoad_ForgetsNothingThatAClientHas()
    {
        const int Max = 1_000_000;
        await using ModelServer server = ModelServer.Start();
        server.OutputTokens = 3;
        server.Server.ToleratesFaults = true;
        int answered = 0;
        var lots = new Random(11);
        for (int round = 0; round < 4; round++)
        {
            await using ProxyProcess proxy = await StartAsync(server, Max);
            await AssertKnowsAsync(proxy, answered, server);
            using var stopping = new CancellationTokenSource();
            int enough = answered + 20 + lots.Next(60);
            Task[] clients =
            [
                .. Enumerable.Range(0, 8).Select(_ => KeepCallingAsync(
                    proxy, () => Interlocked.Increment(ref answered), stopping.Token)),
            ];
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) >= enough, $"{enough} answers");
            proxy.Signal(SignalKill);
            await stopping.CancelAsync();
            await Task.WhenAll(clients).Within("the clients to notice");
        }

        await using ProxyProcess last = await StartAsync(server, Max);
        await AssertKnowsAsync(last, answered, server);
    }

    public void Dispose() => _state.Delete(recursive: true);

    // Every call a client has an answer to was settled by three tokens, or has its forty reserved still; a call that
    // was under way at a kill, one a client and round at most, may be counted and answered to nobody.
    private static async Task AssertKnowsAsync(ProxyProcess proxy, int answered, ModelServer server)
    {
        double used = await proxy.MetricAsync("edgeproxy_plan_used") ?? 0;
        Assert.InRange(used, answered * 3, (answered * 3) + ((server.Requests.Count - answered + 32) * CallOutput));
    }

    private static async Task<int> CallAsync(ProxyProcess proxy)
    {
        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body, "X-Key: alice-key\r\n");
        Assert.True(answer.IsWhole);
        return answer.Status;
    }

    private static async Task KeepCallingAsync(ProxyProcess proxy, Action onAnswer, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body, "X-Key: alice-key\r\n");
                if (answer.IsWhole && answer.Status == 200)
                {
                    onAnswer();
                }
            }
            catch (Exception gone) when (gone is System.Net.Sockets.SocketException or IOException or TimeoutException)
            {
                // It was killed.
            }
        }
    }

    private Task<ProxyProcess> StartAsync(ModelServer server, int max)
    {
        ProxyConfig config = PlanConfig.Of(
            server.Port, "openai", $"{{ count = \"output_tokens\", max = {max}, period = \"month\" }}", _state.FullName);
        config.Loops = 2;
        return ProxyProcess.StartAsync(config);
    }
}
