using System;
using System.Collections.Generic;
using System.Net;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Host;
using EdgeProxy.Services;

namespace EdgeProxy.Tests.Host;

internal static class SettingsForTest
{
    public static ConfigFault Fault { get; } =
        new("edgeproxy.toml", 3, 7, "services.orders.server", "unknown key; servers");

    public static ProxySettings With(string hash, params string[] services) => new()
    {
        Hash = hash,
        Files = ["edgeproxy.toml"],
        Node = new NodeSettings { Name = "test" },
        Log = new LogSettings(),
        Admin = new AdminSettings(),
        EntryPoints = [new EntryPointSettings { Name = "web", Address = new IPEndPoint(IPAddress.Loopback, 8080) }],
        Routers = [],
        Middlewares = [],
        Services = Array.ConvertAll(services, name =>
            new ServiceSettings { Name = name, Servers = [new ServerSettings("127.0.0.1", 9000, 1)] }),
    };

    public static LoadedConfig Good(string hash, params string[] services) => new(With(hash, services), [], false);

    public static LoadedConfig Bad(params IReadOnlyList<ConfigFault> faults) => new(null, faults, false);
}
