using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads one response head of a server, strictly (RFC 9112 sections 2, 4 to 6).</summary>
internal static class ResponseHeadReader
{
    /// <summary>As <see cref="RequestHeadReader.Read"/>; <paramref name="method"/> is that of the request it answers.</summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, HeadLimits limits, Method method, ResponseHead head) =>
        throw new NotSupportedException();
}
