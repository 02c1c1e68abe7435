using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;

namespace EdgeProxy.Host;

/// <summary>A request to be explained, as somebody types it.</summary>
/// <param name="Fields">Whole field lines, each with its CRLF.</param>
internal readonly record struct ExplainedRequest(
    string Method, string Authority, string Target, string Fields, IpAddress Client)
{
    /// <summary>What its body names; "" for none.</summary>
    public string Model { get; init; } = "";
}

/// <summary>What one entrypoint does with a request.</summary>
internal sealed record Explanation
{
    public required string EntryPoint { get; init; }

    /// <summary>Why the head or the path is refused; None if it is not.</summary>
    public RejectReason Rejected { get; init; }

    /// <summary>The path that routers and servers see; "" if it could not be read.</summary>
    public string CanonicalPath { get; init; } = "";

    /// <summary>The router that takes it; null if none does.</summary>
    public RouterSettings? Winner { get; init; }

    /// <summary>Every router of the entrypoint, in the order in which they come into question.</summary>
    public IReadOnlyList<ExplainedRouter> Routers { get; init; } = [];
}

/// <summary>
/// What a router made of the request: the part of its rule that took it, or the first that did not hold.
/// </summary>
internal readonly record struct ExplainedRouter(RouterSettings Router, bool Matches, string Reason);

/// <summary>
/// Answers "which router would take this" with the engine's own reader and table: the request is written as bytes and
/// read back, so what a client could not send cannot be explained away.
/// </summary>
internal sealed class RouteExplainer
{
    private readonly EntryPointSettings _entryPoint;
    private readonly List<RouterSettings> _routers = [];
    private readonly RouteTable _table;

    public RouteExplainer(ProxySettings settings, EntryPointSettings entryPoint)
    {
        _entryPoint = entryPoint;
        var builder = new RouteTableBuilder();
        foreach (RouterSettings router in settings.Routers)
        {
            if (IsOn(router, entryPoint.Name))
            {
                builder.Add(_routers.Count, router.Rule, router.Priority);
                _routers.Add(router);
            }
        }

        _table = builder.Build(out _);
    }

    /// <summary>The entrypoint's routers in the order in which they come into question.</summary>
    public List<RouterSettings> InOrder()
    {
        var ordered = new List<RouterSettings>(_routers.Count);
        foreach (int number in _table.InOrder())
        {
            ordered.Add(_routers[number]);
        }

        return ordered;
    }

    public Explanation Explain(in ExplainedRequest request)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            $"{request.Method} {request.Target} HTTP/1.1\r\nHost: {request.Authority}\r\n{request.Fields}\r\n");
        var head = new RequestHead();
        ParseStatus status = RequestHeadReader.Read(bytes, _entryPoint.HeadLimits, head);
        if (status != ParseStatus.Complete || head.Length != bytes.Length)
        {
            // A target or field with an empty line in it would end the head early: not one request, then.
            return Refused(head.Reason == RejectReason.None ? RejectReason.RequestLineInvalid : head.Reason);
        }

        ReadOnlySpan<byte> raw = head.Path.IsEmpty ? "/"u8 : head.Path.Of(bytes);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(raw.Length)];
        PathStatus form = CanonicalPath.Read(
            raw, scratch, out int length, out PathTraits traits, out RejectReason reason);
        return form == PathStatus.Malformed
            ? Refused(reason)
            : Match(request, bytes, head, form == PathStatus.Rewritten ? scratch.AsSpan(0, length) : raw, traits);
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

    private Explanation Refused(RejectReason reason) => new() { EntryPoint = _entryPoint.Name, Rejected = reason };

    private Explanation Match(
        in ExplainedRequest request,
        ReadOnlySpan<byte> bytes,
        RequestHead head,
        ReadOnlySpan<byte> path,
        PathTraits traits)
    {
        byte[] host = new byte[head.Host.Length];
        var query = new RouteQuery
        {
            Host = host.AsSpan(0, HostName.WriteLower(head.Host.Of(bytes), host)),
            Path = path,
            Query = head.Query.Of(bytes),
            Client = request.Client,
            Head = head,
            HeadBytes = bytes,
            Model = Encoding.UTF8.GetBytes(request.Model ?? ""),
        };
        int number = _table.Match(query);
        RouterSettings? winner = number < 0 ? null : _routers[number];
        var routers = new List<ExplainedRouter>(_routers.Count);
        foreach (RouteVerdict verdict in _table.Explain(query))
        {
            routers.Add(new ExplainedRouter(_routers[verdict.Route], verdict.Matches, verdict.Reason));
        }

        return new Explanation
        {
            EntryPoint = _entryPoint.Name,
            CanonicalPath = Encoding.ASCII.GetString(path),
            Winner = winner,
            Rejected = winner is null
                ? RejectReason.None
                : CanonicalPath.Refusal(traits, (PathTraits)winner.AllowEncoded),
            Routers = routers,
        };
    }
}
