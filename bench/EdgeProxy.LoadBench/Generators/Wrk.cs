using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// wrk from Debian: a closed loop, which sends the next request when the answer to the last is there. Good for the most
/// a proxy can do and for what a request costs; its latencies are those of saturation.
/// </summary>
internal sealed class Wrk
{
    private readonly string _program = ChildProcess.Find("wrk")
        ?? throw new InvalidOperationException("load runs need wrk; on Debian: apt-get install wrk");

    private readonly string _folder;
    private readonly Cores _cores;

    public Wrk(string folder, Cores cores)
    {
        _folder = folder;
        _cores = cores;
    }

    public Task<string> VersionAsync() => VersionText.OfAsync(_program, "-v");

    /// <summary>Keeps the script for these requests under a name.</summary>
    public void WriteScript(string name, IReadOnlyList<ProbeRequest> requests) =>
        File.WriteAllText(ScriptPath(name), WrkScript.Of(requests));

    /// <exception cref="PeerException">wrk gave no result.</exception>
    public async Task<WrkResult> RunAsync(
        int port, string script, int connections, int seconds, string scheme = "http")
    {
        int threads = _cores.GeneratorCount;
        string[] arguments =
        [
            Invariant($"-t{threads}"), Invariant($"-c{connections}"), Invariant($"-d{seconds}s"), "--timeout", "8s",
            "-s", ScriptPath(script), Invariant($"{scheme}://127.0.0.1:{port}/"),
        ];
        (int code, string output, string errors) = await ChildProcess.RunAsync(
            new Command(_program, arguments), _cores.Generator);
        return WrkResult.Parse(output) ?? throw new PeerException($"wrk ended with {code}: {errors}{output}");
    }

    private string ScriptPath(string name) => Path.Combine(_folder, $"{name}.lua");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
