using System;

namespace EdgeProxy.Control;

/// <summary>What the admin surface reads of a request, as spans over the connection's bytes.</summary>
internal readonly ref struct AdminRequest
{
    public required ReadOnlySpan<byte> Method { get; init; }

    /// <summary>Path of the target, without the query.</summary>
    public required ReadOnlySpan<byte> Path { get; init; }

    /// <summary>Host and port as the client sent them: RequestHead.Authority.</summary>
    public required ReadOnlySpan<byte> Authority { get; init; }

    /// <summary>Whether the request has an Origin field, whatever it says: browsers send it, our tools do not.</summary>
    public required bool HasOrigin { get; init; }
}
