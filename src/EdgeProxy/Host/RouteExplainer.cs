using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;

namespace EdgeProxy.Host;

/// <summary>A request to be explained, as somebody types it.</summary>
/// <param name="Fields">Whole field lines, each with its CRLF.</param>
internal readonly record struct ExplainedRequest(string Method, string Authority, string Target, string Fields, IpAddress Client);

/// <summary>What one entrypoint does with a request.</summary>
internal sealed record Explanation
{
    public required string EntryPoint { get; init; }

    /// <summary>Why the head or the path is refused before any router is asked; None if it is not.</summary>
    public RejectReason Rejected { get; init; }

    /// <summary>The path that routers and servers see; "" if rejected.</summary>
    public string CanonicalPath { get; init; } = "";

    /// <summary>The router that takes it; null if none does.</summary>
    public RouterSettings? Winner { get; init; }
}

/// <summary>
/// Answers "which router would take this" with the engine's own reader and table: the request is written as bytes and
/// read back, so what a client could not send cannot be explained away.
/// </summary>
internal sealed class RouteExplainer
{
    private readonly string _entryPoint;
    private readonly List<RouterSettings> _routers = [];
    private readonly RouteTable _table;
    private readonly HeadLimits _limits;

    public RouteExplainer(ProxySettings settings, string entryPoint)
    {
        _entryPoint = entryPoint;
        _limits = LimitsOf(settings, entryPoint);
        var builder = new RouteTableBuilder();
        foreach (RouterSettings router in settings.Routers)
        {
            if (IsOn(router, entryPoint))
            {
                builder.Add(_routers.Count, router.Rule, router.Priority);
                _routers.Add(router);
            }
        }

        _table = builder.Build(out _);
    }

    public Explanation Explain(in ExplainedRequest request)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            $"{request.Method} {request.Target} HTTP/1.1\r\nHost: {request.Authority}\r\n{request.Fields}\r\n");
        var head = new RequestHead();
        if (RequestHeadReader.Read(bytes, _limits, head) != ParseStatus.Complete)
        {
            return new Explanation { EntryPoint = _entryPoint, Rejected = head.Reason };
        }

        ReadOnlySpan<byte> path = head.Path.Of(bytes);
        var query = new RouteQuery
        {
            Host = head.Host.Of(bytes),
            Path = path,
            Query = head.Query.Of(bytes),
            Client = request.Client,
            Head = head,
            HeadBytes = bytes,
        };
        int winner = _table.Match(query);
        return new Explanation
        {
            EntryPoint = _entryPoint,
            CanonicalPath = Encoding.ASCII.GetString(path),
            Winner = winner < 0 ? null : _routers[winner],
        };
    }

    private static bool IsOn(RouterSettings router, string entryPoint)
    {
        foreach (string name in router.EntryPoints)
        {
            if (name == entryPoint)
            {
                return true;
            }
        }

        return false;
    }

    private static HeadLimits LimitsOf(ProxySettings settings, string entryPoint)
    {
        foreach (EntryPoints.EntryPointSettings candidate in settings.EntryPoints)
        {
            if (candidate.Name == entryPoint)
            {
                return candidate.HeadLimits;
            }
        }

        return HeadLimits.Default;
    }
}
