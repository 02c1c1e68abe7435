using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads one request head, strictly (RFC 9112 sections 2 to 6).</summary>
internal static class RequestHeadReader
{
    /// <summary>
    /// Reads a head at the start of <paramref name="input"/> into <paramref name="head"/>, which MUST be fresh or hold the
    /// resume points of an earlier NeedMore over a prefix of the same bytes. On Complete, head.Length bytes belong to it.
    /// </summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, HeadLimits limits, RequestHead head) =>
        throw new NotSupportedException();
}
