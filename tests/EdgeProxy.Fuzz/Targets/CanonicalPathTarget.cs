using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Primitives.Http;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Paths: the canonical form is canonical, is its own canonical form, and hides nothing that could be read as another.
/// </summary>
internal sealed class CanonicalPathTarget : FuzzTarget
{
    // Plain bytes and upper-case escapes of bytes that are not unreserved.
    private static readonly Regex Canonical = new(
        "\\A/(?:[-._~!$&'()*+,;=:@/0-9A-Za-z]"
        + "|%(?!2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])[0-9A-F]{2})*\\z");

    private byte[] _scratch = new byte[1024];
    private byte[] _second = new byte[1024];

    public override string Name => "canonical_path";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Corpus.Requests.Select(item => Encoding.Latin1.GetString(item.Bytes).Split(' '))
            .Where(parts => parts.Length > 1 && parts[1].Length is > 0 and < 500)
            .Select(parts => Encoding.Latin1.GetBytes(parts[1])),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "/", "//", "/.", "/..", "/../", ".", "..", "%2e", "%2E", "%2f", "%5c", "%00", "%", "%25", "%252e", "\\",
            ";", "a", "%41", "?", "\u00E9",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        Grow(ref _scratch, input.Length);
        PathStatus status = CanonicalPath.Read(
            input, _scratch, out int length, out PathTraits traits, out RejectReason reason);
        Require((status == PathStatus.Malformed) == (reason != RejectReason.None),
            "a reason without refusal, or none with it");
        if (status != PathStatus.Malformed)
        {
            ReadOnlySpan<byte> once = status == PathStatus.Rewritten ? _scratch.AsSpan(0, length) : input;
            string text = Encoding.Latin1.GetString(once);
            if (text != "*")
            {
                Require(Canonical.IsMatch(text), "not canonical: " + text);
                Require(!text.Contains("//", StringComparison.Ordinal), "an empty segment: " + text);
                Require(!Array.Exists(text.Split('/'), segment => segment is "." or ".."), "a dot segment: " + text);
            }

            PathTraits shown = (Has(text, "%2F") ? PathTraits.EncodedSlash : 0)
                | (Has(text, "%5C") ? PathTraits.EncodedBackslash : 0)
                | (Has(text, "%00") ? PathTraits.EncodedNul : 0);
            Require((shown & ~traits) == 0, $"{text} shows {shown}, told {traits}");

            Grow(ref _second, once.Length);
            PathStatus twice = CanonicalPath.Read(once, _second, out int same, out _, out _);
            Require(twice == PathStatus.AlreadyCanonical && same == once.Length, "its own form is another: " + text);
        }

        return HashCode.Combine(status, reason, traits, Math.Min(length / 4, 8), Math.Min(input.Length / 8, 8));
    }

    private static bool Has(string text, string escape) => text.Contains(escape, StringComparison.Ordinal);

    private static void Grow(ref byte[] scratch, int pathLength)
    {
        if (scratch.Length < CanonicalPath.ScratchBytes(pathLength))
        {
            scratch = new byte[CanonicalPath.ScratchBytes(pathLength)];
        }
    }
}
