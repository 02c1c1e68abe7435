using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>The collector hears where the chain ends, so that a tail that is cut off later is noticed.</summary>
public sealed class AuditHeadTests
{
    [Fact]
    public async Task TailCutOff_IsNoticedWithTheHeadTheCollectorKept()
    {
        using var chain = new AuditChain();
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config("", server);
        config.More += $"[telemetry.otlp]\nendpoint = \"http://127.0.0.1:{collector.Port}\"\n"
            + "batch_interval = \"100ms\"\n";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        // That of the configuration in use, and that of the end.
        OtlpLog log = (await collector.WaitForLogsAsync(2)).Last(log => log.EventName == "edgeproxy.audit.head");
        string head = (string)log.Attributes["edgeproxy.audit.head"];
        Assert.StartsWith($"{chain.Verified(out _).Count}:", head);
        Assert.Equal(0, (await VerifyAsync(proxy, head)).ExitCode);

        // The last frames go, and what is left verifies by itself.
        string last = Directory.GetFiles(chain.Folder, "*.audit").Order().Last();
        byte[] bytes = File.ReadAllBytes(last);
        await using (FileStream file = File.OpenWrite(last))
        {
            file.SetLength(WithoutTail(bytes));
        }

        chain.Verified(out _);
        CommandResult cut = await VerifyAsync(proxy, head);
        Assert.Equal(1, cut.ExitCode);
        Assert.Contains("its end was cut off", cut.Output);
    }

    // Two frames before the end: footer and the record of the stop. A frame is its length, that many bytes, 32 of hash.
    private static long WithoutTail(byte[] segment)
    {
        var ends = new List<int> { 0 };
        while (ends[^1] < segment.Length)
        {
            ends.Add(ends[^1] + 4 + BitConverter.ToInt32(segment, ends[^1]) + 32);
        }

        return ends[^3];
    }

    private static Task<CommandResult> VerifyAsync(ProxyProcess proxy, string head) =>
        ProxyProcess.RunAsync("audit", "verify", "--head", head, "--config", proxy.ConfigPath);
}
