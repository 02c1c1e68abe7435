using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>YARP on Kestrel, compiled just in time with its profile; the program beside this one.</summary>
internal sealed class YarpPeer : IPeer
{
    private const int RoutersMax = 1000;
    private const string Program = "EdgeProxy.LoadBench.Yarp";

    private readonly string _assembly = FindAssembly();

    public string Name => "yarp";

    public string? Missing => File.Exists(_assembly) ? null : $"{_assembly} is not built";

    public Task<string> VersionAsync()
    {
        string library = Path.Combine(Path.GetDirectoryName(_assembly)!, "Yarp.ReverseProxy.dll");
        string version = FileVersionInfo.GetVersionInfo(library).ProductVersion ?? "unknown";
        return Task.FromResult($"YARP {version.Split('+')[0]}, .NET {Environment.Version}");
    }

    public string? Refuses(PeerSetup setup) =>
        setup.Tls is not null ? "is compared in clear text only"
        : setup.Routers > RoutersMax ? "takes too long to build its route automaton" : null;

    public Command Prepare(PeerSetup setup)
    {
        List<string> arguments =
            [_assembly, setup.Port.ToString(CultureInfo.InvariantCulture), $"http://{setup.Upstream}/"];
        if (setup.Routers > 0)
        {
            arguments.AddRange([PeerSetup.RouterPrefix, setup.Routers.ToString(CultureInfo.InvariantCulture)]);
        }

        return new Command(Repository.Dotnet, arguments, new Dictionary<string, string>
        {
            ["DOTNET_PROCESSOR_COUNT"] = setup.Workers.ToString(CultureInfo.InvariantCulture),
            ["DOTNET_gcServer"] = "0",
        });
    }

    // .../bin/EdgeProxy.LoadBench/release/ -> .../bin/EdgeProxy.LoadBench.Yarp/release/
    private static string FindAssembly()
    {
        string own = AppContext.BaseDirectory.TrimEnd('/');
        return Path.GetFullPath(Path.Combine(own, "..", "..", Program, Path.GetFileName(own), $"{Program}.dll"));
    }
}
