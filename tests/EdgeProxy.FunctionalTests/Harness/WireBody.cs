using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>Reads message bodies off the wire by RFC 9112 section 6, strictly.</summary>
internal static class WireBody
{
    public static async Task<byte[]> ReadSizedAsync(WireStream wire, long count)
    {
        using var body = new MemoryStream();
        await wire.ReadExactlyAsync(count, piece => body.Write(piece), "a body");
        return body.ToArray();
    }

    public static async Task<(byte[] Body, List<KeyValuePair<string, string>> Trailers)> ReadChunkedAsync(
        WireStream wire)
    {
        using var body = new MemoryStream();
        List<KeyValuePair<string, string>> trailers =
            await ReadChunkedAsync(wire, piece => body.Write(piece));
        return (body.ToArray(), trailers);
    }

    /// <summary>The same with a sink, for bodies larger than memory.</summary>
    public static async Task<List<KeyValuePair<string, string>>> ReadChunkedAsync(
        WireStream wire, Action<ReadOnlySpan<byte>> sink)
    {
        while (true)
        {
            string line = await wire.ReadLineAsync("a chunk size");
            if (line.Length is 0 or > 15 || !line.All(char.IsAsciiHexDigit))
            {
                throw new FormatException($"chunk size line: {WireHead.Show(line)}");
            }

            long size = long.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                break;
            }

            await wire.ReadExactlyAsync(size, sink, "a chunk");
            if (await wire.ReadLineAsync("the end of a chunk") is { Length: > 0 } extra)
            {
                throw new FormatException($"after a chunk: {WireHead.Show(extra)}");
            }
        }

        var lines = new List<string>();
        while (await wire.ReadLineAsync("trailers") is { Length: > 0 } line)
        {
            lines.Add(line);
        }

        return WireHead.ParseFields(lines.ToArray());
    }
}
