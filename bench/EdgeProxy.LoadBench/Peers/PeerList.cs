using System.Collections.Generic;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>The proxies that may run beside ours, in the order of the tables.</summary>
internal static class PeerList
{
    public static IReadOnlyList<string> Names { get; } = ["nginx", "haproxy", "caddy", "yarp"];

    public static IPeer Create(string name) => name switch
    {
        "nginx" => new NginxPeer(),
        "haproxy" => new HaproxyPeer(),
        "caddy" => new CaddyPeer(),
        _ => new YarpPeer(),
    };
}
