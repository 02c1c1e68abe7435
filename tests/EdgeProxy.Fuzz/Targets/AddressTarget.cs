using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Addresses and ranges as text: what is taken, the framework takes for the same address; printed it is the same again;
/// a range contains what its bits say.
/// </summary>
internal sealed class AddressTarget : FuzzTarget
{
    // The framework takes more: short and octal IPv4, zones, brackets.
    private static readonly Regex V4 = new("\\A(?:(?:0|[1-9][0-9]{0,2})(?:\\.(?!\\z)|\\z)){4}\\z");
    private static readonly Regex V6 = new("\\A[0-9A-Fa-f:.]+\\z");

    public override string Name => "address";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "127.0.0.1", "::1", "::", "2001:db8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "10.0.0.0/8",
            "2001:db8::/32", "1:2:3:4:5:6:1.2.3.4", "0/0", "192.0.2.1/32", "::/0",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { ":", "::", ".", "0", "1", "255", "256", "ffff", "/", "/8", "/128", "%", "[", "]", " ", "0x", "-" }
            .Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.Latin1.GetString(input);
        bool isTaken = IpAddress.TryParse(input, out IpAddress address);
        IPAddress? theirs = IPAddress.TryParse(text, out IPAddress? parsed) ? parsed : null;
        bool isStrict = V4.IsMatch(text) || (text.Contains(':', StringComparison.Ordinal) && V6.IsMatch(text));
        if (isTaken)
        {
            Require(theirs is not null && isStrict, $"only ours takes {text}");
            Require(address == IpAddress.FromBytes(theirs!.GetAddressBytes()), $"{text} is another address");
            Span<byte> printed = stackalloc byte[64];
            Require(IpText.TryFormat(address, printed, out int length), "not printed");
            Require(IpAddress.TryParse(printed[..length], out IpAddress again) && again == address,
                $"{text} printed is {Encoding.ASCII.GetString(printed[..length])}");
        }

        bool isRange = CidrRange.TryParse(text, out CidrRange range, out string problem);
        Require(isRange == (problem.Length == 0), $"{text}: {isRange}, {problem}");
        if (isRange)
        {
            CheckRange(text, range);
        }

        return HashCode.Combine(
            isTaken, isStrict, isRange, problem.Contains("prefix", StringComparison.Ordinal),
            theirs?.AddressFamily ?? AddressFamily.Unspecified, Math.Min(text.Length, 24),
            text.Count(c => c == ':'), text.Contains("::", StringComparison.Ordinal));
    }

    private static void CheckRange(string text, CidrRange range)
    {
        string[] parts = text.Split('/');
        byte[] first = IPAddress.Parse(parts[0]).GetAddressBytes();
        int bits = parts.Length == 2 ? int.Parse(parts[1], null) : first.Length * 8;
        for (int bit = 0; bit < first.Length * 8; bit++)
        {
            byte[] changed = [.. first];
            changed[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            IpAddress other = IpAddress.FromBytes(changed);

            // An address of IPv6 that is one of IPv4 mapped belongs to another family.
            bool isSameFamily = other.IsV4 == IpAddress.FromBytes(first).IsV4;
            Require(!isSameFamily || range.Contains(other) == bit >= bits, $"{text} and bit {bit}");
        }
    }
}
