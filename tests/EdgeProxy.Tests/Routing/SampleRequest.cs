using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

/// <summary>A request read by the real reader, made canonical by the real code, as a rule sees it.</summary>
internal sealed class SampleRequest
{
    private readonly byte[] _bytes;
    private readonly RequestHead _head = new();
    private readonly byte[] _host;
    private readonly byte[] _path;
    private readonly IpAddress _client;

    public SampleRequest(string line, string host = "", string client = "192.0.2.1", params IEnumerable<string> fields)
    {
        var text = new StringBuilder($"{line} HTTP/{(host.Length > 0 ? "1.1" : "1.0")}\r\n");
        text.Append(host.Length > 0 ? $"Host: {host}\r\n" : "");
        foreach (string field in fields)
        {
            text.Append(field).Append("\r\n");
        }

        _bytes = Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
        Assert.Equal(ParseStatus.Complete, RequestHeadReader.Read(_bytes, HeadLimits.Default, _head));
        string lower = Encoding.ASCII.GetString(_head.Host.Of(_bytes)).ToLowerInvariant();
        _host = Encoding.ASCII.GetBytes(lower.EndsWith('.') ? lower[..^1] : lower);
        ReadOnlySpan<byte> path = _head.Path.Of(_bytes);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(path.Length)];
        PathStatus status = CanonicalPath.Read(path, scratch, out int length, out _, out _);
        Assert.NotEqual(PathStatus.Malformed, status);
        _path = status == PathStatus.Rewritten ? scratch[..length] : path.ToArray();
        Assert.True(IpAddress.TryParse(Encoding.ASCII.GetBytes(client), out _client));
    }

    /// <summary>What its body names.</summary>
    public string Model { get; init; } = "";

    public string Path => Encoding.ASCII.GetString(_path);

    public RouteQuery Query => new()
    {
        Host = _host,
        Path = _path,
        Query = _head.Query.Of(_bytes),
        Client = _client,
        Head = _head,
        HeadBytes = _bytes,
        Model = Encoding.UTF8.GetBytes(Model),
    };

    public static Rule Rule(string text)
    {
        Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);
        Assert.Empty(errors);
        return rule!;
    }

    /// <summary>A table of the rules; route numbers are places in the list.</summary>
    public static RouteTable Table(params IReadOnlyList<string> rules)
    {
        var builder = new RouteTableBuilder();
        for (int i = 0; i < rules.Count; i++)
        {
            builder.Add(i, Rule(rules[i]), priority: null);
        }

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);
        Assert.Empty(conflicts);
        return table;
    }
}
