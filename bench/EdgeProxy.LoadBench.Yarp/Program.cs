using System.Collections.Generic;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace EdgeProxy.LoadBench.Yarp;

/// <summary>
/// YARP as a peer of the load runs: forwards what comes on one port to one server.
/// Arguments: the port, the server's address, and a prefix for the paths of its routes with their number.
/// </summary>
internal static class Program
{
    public static void Main(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(int.Parse(args[0], CultureInfo.InvariantCulture));
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddReverseProxy().LoadFromMemory(Routes(args), Clusters(args[1]));

        WebApplication app = builder.Build();
        app.MapReverseProxy();
        app.Run();
    }

    private static RouteConfig[] Routes(string[] args)
    {
        if (args.Length < 4)
        {
            return [Route("all", "/{**rest}")];
        }

        var routes = new RouteConfig[int.Parse(args[3], CultureInfo.InvariantCulture)];
        for (int i = 0; i < routes.Length; i++)
        {
            routes[i] = Route($"r{i}", $"{args[2]}{i}/{{**rest}}");
        }

        return routes;
    }

    private static RouteConfig Route(string id, string path) =>
        new() { RouteId = id, ClusterId = "app", Match = new RouteMatch { Path = path } };

    private static ClusterConfig[] Clusters(string server) =>
    [
        new()
        {
            ClusterId = "app",
            Destinations = new Dictionary<string, DestinationConfig>
            {
                ["one"] = new() { Address = server },
            },
        },
    ];
}
