using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// The demo shows a chat call allowed, one masked, one refused, one over its plan, and verifies the chain they are
/// recorded in.
/// </summary>
public sealed class DemoTests
{
    [Fact]
    public async Task Demo_ShowsWhatBecomesOfCallsOfModels_AndVerifiesItsChain()
    {
        (string program, string[] arguments) = ProxyBinary.Find();
        using var demo = new Process
        {
            StartInfo = new ProcessStartInfo(program, [.. arguments, "demo", "--duration", "10m"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        demo.Start();
        Task<string> errors = demo.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            var calls = new List<string>();
            var heard = new List<string>();
            while (calls.Count < 4)
            {
                string? line = await demo.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
                    .AsTask().Within("a line of the demo");
                Assert.NotNull(line);
                if (line.StartsWith("POST ", StringComparison.Ordinal)
                    && line.Contains("/v1/chat/completions", StringComparison.Ordinal))
                {
                    calls.Add(line);
                }
                else if (line.Contains("heard: ", StringComparison.Ordinal))
                {
                    heard.Add(line);
                }
            }

            Assert.Equal(["200", "200", "403", "429"], calls.Select(StatusOf));
            string[] said = ["allowed", "masked: ", "refused: ", "over the guest's plan"];
            Assert.All(said, (what, i) => Assert.Contains(what, calls[i], StringComparison.Ordinal));
            Assert.All(calls, call => Assert.Contains(" guest ", call, StringComparison.Ordinal));
            string prompt = Assert.Single(heard);
            Assert.EndsWith("heard: pay with [CARD_NUMBER], write to [EMAIL] (green)", prompt, StringComparison.Ordinal);
            using (Process signal = Process.Start("kill", [demo.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await signal.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            string rest = await demo.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
                .Within("the demo to end");
            await demo.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Contains("edgeproxy audit verify", rest, StringComparison.Ordinal);
            Assert.Contains("ok: ", rest, StringComparison.Ordinal);
            Assert.Equal((0, ""), (demo.ExitCode, await errors));
        }
        finally
        {
            if (!demo.HasExited)
            {
                demo.Kill();
            }
        }
    }

    private static string StatusOf(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
}
