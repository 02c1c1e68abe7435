using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// The PROXY protocol's header: what is whole stays so with more behind it and wants more when it is cut; what wants
/// more never grew beyond its limit.
/// </summary>
internal sealed class ProxyHeaderTarget : FuzzTarget
{
    public override string Name => "proxy-header";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "PROXY TCP4 192.0.2.1 198.51.100.7 51234 443\r\n", "PROXY TCP6 2001:db8::1 ::2 1 2\r\nGET /",
            "PROXY UNKNOWN\r\n", "GET / HTTP/1.1\r\n",
        }.Select(Encoding.Latin1.GetBytes),
        Convert.FromHexString("0D0A0D0A000D0A515549540A2111000CC0000201C6336407C82201BB"),
        Convert.FromHexString("0D0A0D0A000D0A515549540A20000000"),
        Convert.FromHexString("0D0A0D0A000D0A515549540A21110013C0000201C6336407C82201BB03000400000000"),
        Convert.FromHexString("0D0A0D0A000D0A515549540A21000003040000"),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { "PROXY ", "TCP4", "TCP6", "UNKNOWN", " ", "\r\n", "0", "65535", "::", "1.2.3.4" }
            .Select(Encoding.Latin1.GetBytes),
        Convert.FromHexString("0D0A0D0A000D0A515549540A"),
        [0x21], [0x20], [0x11], [0x31], [0x00], [0x03, 0x00, 0x04], [0xff, 0xff],
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        ParseStatus status = ProxyHeader.Read(input, out ProxyHeader header);
        Require(status == ParseStatus.Malformed || ProxyHeader.MayBegin(input), "a header that does not begin as one");
        if (status == ParseStatus.NeedMore)
        {
            Require(input.Length < ProxyHeader.BytesMax, "it wants more than its limit");
            return HashCode.Combine(status, Math.Min(input.Length, 20));
        }

        if (status == ParseStatus.Malformed)
        {
            byte[] longer = [.. input, .. " 1\r\n"u8];
            Require(ProxyHeader.Read(longer, out _) == status, "malformed, and good with more");
            return HashCode.Combine(status, ProxyHeader.MayBegin(input), Math.Min(input.Length, 20));
        }

        Require(header.Length <= input.Length && header.Length <= ProxyHeader.BytesMax, "longer than what there is");
        for (int length = 0; length < header.Length; length++)
        {
            Require(ProxyHeader.Read(input[..length], out _) == ParseStatus.NeedMore, $"whole at {length}");
        }

        Require(ProxyHeader.Read(input[..header.Length], out ProxyHeader again) == status && again == header,
            "another one without what follows");
        return HashCode.Combine(status, header.HasAddresses, header.Source.IsV4, header.Destination.IsV4);
    }
}
