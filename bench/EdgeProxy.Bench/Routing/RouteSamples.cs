using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;

namespace EdgeProxy.Bench.Routing;

/// <summary>How the routers of a benchmark differ from one another.</summary>
public enum RouterShape
{
    /// <summary>A hundred paths on each host, as a platform team has it.</summary>
    HostsAndPaths,

    /// <summary>All on one host: one trie holds them all.</summary>
    OneHost,

    /// <summary>One path on as many hosts: the hash holds them all.</summary>
    OnePath,
}

/// <summary>
/// Routers of a shape and requests that each meet one of them, spread over the table so that caches are not flattered.
/// </summary>
internal sealed class RouteSamples
{
    public const int Requests = 256;
    public const int PathsPerHost = 100;

    private readonly byte[][] _heads = new byte[Requests][];
    private readonly RequestHead[] _parsed = new RequestHead[Requests];

    public RouteSamples(RouterShape shape, int routers)
    {
        for (int i = 0; i < routers; i++)
        {
            (string host, string path) = Place(shape, i);
            Rules.Add(RuleParser.Parse($"Host(`{host}`) && PathPrefix(`{path}`)", out _)!);
        }

        for (int i = 0; i < Requests; i++)
        {
            (string host, string path) = Place(shape, (int)((long)i * 7919 % routers));
            _heads[i] = Encoding.ASCII.GetBytes(
                $"GET {path}/items/42?x=1 HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
            _parsed[i] = new RequestHead();
            if (RequestHeadReader.Read(_heads[i], HeadLimits.Default, _parsed[i]) != ParseStatus.Complete)
            {
                throw new InvalidOperationException("the sample head is not complete");
            }
        }
    }

    public List<Rule> Rules { get; } = [];

    public RouteQuery this[int index] => new()
    {
        Host = _parsed[index].Host.Of(_heads[index]),
        Path = _parsed[index].Path.Of(_heads[index]),
        Query = _parsed[index].Query.Of(_heads[index]),
        Client = IpAddress.FromV4(0x0a000001),
        Head = _parsed[index],
        HeadBytes = _heads[index],
    };

    public RouteTable Build()
    {
        var builder = new RouteTableBuilder();
        for (int i = 0; i < Rules.Count; i++)
        {
            builder.Add(i, Rules[i], priority: null);
        }

        return builder.Build(out _);
    }

    private static (string Host, string Path) Place(RouterShape shape, int i) => shape switch
    {
        RouterShape.OneHost => ("shop.example.com", $"/api/v{i % 3}/collection-{i}"),
        RouterShape.OnePath => ($"store-{i}.example.com", "/api/v1/orders"),
        _ => ($"store-{i / PathsPerHost}.example.com", $"/api/v{i % 3}/collection-{i % PathsPerHost}"),
    };
}
