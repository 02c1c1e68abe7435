using System;
using System.Buffers;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;

namespace EdgeProxy.Bench.Primitives.Http;

/// <summary>
/// A head through Kestrel's public parser, with a handler that only counts: it finds and checks the parts, while what
/// Kestrel then does with them (strings, a dictionary) is left out. Ours also classifies fields and framing.
/// </summary>
internal static class KestrelHeadReader
{
    private static readonly HttpParser<Counter> Parser = new();

    /// <summary>How many fields the head has; it must be complete.</summary>
    public static int Read(byte[] head)
    {
        var counter = new Counter();
        var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(head));
        bool isWhole = Parser.ParseRequestLine(counter, ref reader) && Parser.ParseHeaders(counter, ref reader);
        return isWhole ? counter.Count[0] : throw new InvalidOperationException("the sample head is not complete");
    }

    // A struct, so that the parser's calls are inlined; the parser gets a copy, so the count is behind a reference.
    private readonly struct Counter : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        private static readonly int[] Shared = new int[1];

        public Counter() => Shared[0] = 0;

        public int[] Count => Shared;

        public void OnStartLine(
            HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
        {
        }

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Shared[0]++;

        public void OnHeadersComplete(bool endStream)
        {
        }

        public void OnStaticIndexedHeader(int index)
        {
        }

        public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value)
        {
        }
    }
}
