using System;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Routing;

/// <summary>What a rule may look at, as spans over the exchange's bytes.</summary>
internal readonly ref struct RouteQuery
{
    /// <summary>Lower case, no port, no trailing dot; brackets kept on an IPv6 literal.</summary>
    public required ReadOnlySpan<byte> Host { get; init; }

    /// <summary>The canonical path (RFC 3986 section 6), which is also what the server will see.</summary>
    public required ReadOnlySpan<byte> Path { get; init; }

    /// <summary>Without '?'; empty if there is none.</summary>
    public required ReadOnlySpan<byte> Query { get; init; }

    public required IpAddress Client { get; init; }

    public required RequestHead Head { get; init; }

    /// <summary>The model it asks for; empty if it names none, or none is known yet.</summary>
    public ReadOnlySpan<byte> Model { get; init; }

    /// <summary>The bytes <see cref="Head"/> was read from.</summary>
    public required ReadOnlySpan<byte> HeadBytes { get; init; }
}
