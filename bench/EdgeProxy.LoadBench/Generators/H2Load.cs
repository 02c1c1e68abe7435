using System;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>h2load of nghttp2: requests over HTTP/2, some streams at a time on each connection.</summary>
internal sealed class H2Load
{
    private readonly string _program;

    private H2Load(string program) => _program = program;

    /// <summary>Null where it is not installed.</summary>
    public static H2Load? Find() => ChildProcess.Find("h2load") is { } program ? new H2Load(program) : null;

    public Task<string> VersionAsync() => VersionText.OfAsync(_program, "--version");

    /// <exception cref="PeerException">It gave no result.</exception>
    public async Task<H2LoadResult> RunAsync(
        int port, string path, int connections, int streams, int seconds, Cores cores)
    {
        string[] arguments =
        [
            Invariant($"-t{Math.Min(cores.GeneratorCount, connections)}"), Invariant($"-c{connections}"),
            Invariant($"-m{streams}"), Invariant($"--duration={seconds}"), "--connection-active-timeout=30",
            "--connect-to", Invariant($"127.0.0.1:{port}"), $"https://bench.example.com{path}",
        ];
        (int code, string output, string errors) = await ChildProcess.RunAsync(
            new Command(_program, arguments), cores.Generator);
        return H2LoadResult.Parse(output) ?? throw new PeerException($"h2load ended with {code}: {errors}{output}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
