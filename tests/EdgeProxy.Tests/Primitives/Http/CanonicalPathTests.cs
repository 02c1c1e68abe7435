using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class CanonicalPathTests
{
    private const string Unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Plain = Unreserved + "!$&'()*+,;=:@";

    private static readonly string[] Pieces =
    [
        "/", "/", "//", ".", "..", "/..", "/../", "/.", "%2e", "%2E", "%2f", "%5C", "\\", "%00", "a", "b.c", "%61",
        "%7E", "%zz", "%", "%4",
        ";x", "..;x", "\"", "\u00E9", "?", "#", "%25", "%252e", "*", "\0", " ", "...", "a/b/c/d/e/f/g/h/", "%c3%a9",
    ];

    private static readonly Gen<string> Paths =
        Gen.Int[0, Pieces.Length - 1].Array[0, 10].Select(picks => "/" + string.Concat(picks.Select(i => Pieces[i])));

    [Theory]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData("*", "*")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a/b/", "/a/b/")]
    [InlineData("//", "/")]
    [InlineData("//a//b//", "/a/b/")]
    [InlineData("/.", "/")]
    [InlineData("/..", "/")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/b/../c/./d", "/a/c/d")]
    [InlineData("/a/%2E%2e/b", "/b")]
    [InlineData("/a//../b", "/b")]
    [InlineData("/..a/b..", "/..a/b..")]
    [InlineData("/a/..;x", "/a/..;x")]
    [InlineData("/%7euser", "/~user")]
    [InlineData("/%e2%82%ac", "/%E2%82%AC")]
    [InlineData("/%252e%252e/", "/%252e%252e/")]
    [InlineData("/a b\"<>^`{|}[]?#", "/a%20b%22%3C%3E%5E%60%7B%7C%7D%5B%5D%3F%23")]
    public void Read_Path_BecomesCanonical(string path, string expected) =>
        Assert.Equal((expected, PathTraits.None, RejectReason.None), Read(path));

    [Theory]
    [InlineData("/a%2fb", "/a%2Fb", "EncodedSlash")]
    [InlineData("/a%5cb", "/a%5Cb", "EncodedBackslash")]
    [InlineData("/a\\b", "/a%5Cb", "EncodedBackslash")]
    [InlineData("/a%00", "/a%00", "EncodedNul")]
    [InlineData("/..%2F..\\%00", "/..%2F..%5C%00", "EncodedSlash, EncodedBackslash, EncodedNul")]
    public void Read_Ambiguous_ReportsTraits(string path, string expected, string traits) =>
        Assert.Equal((expected, Enum.Parse<PathTraits>(traits), RejectReason.None), Read(path));

    [Theory]
    [InlineData("a", nameof(RejectReason.PathFormInvalid))]
    [InlineData("**", nameof(RejectReason.PathFormInvalid))]
    [InlineData("/%", nameof(RejectReason.PathEscapeInvalid))]
    [InlineData("/%4", nameof(RejectReason.PathEscapeInvalid))]
    [InlineData("/%4g", nameof(RejectReason.PathEscapeInvalid))]
    [InlineData("/%%41", nameof(RejectReason.PathEscapeInvalid))]
    public void Read_Invalid_IsMalformed(string path, string reason) =>
        Assert.Equal(Enum.Parse<RejectReason>(reason), Read(path).Reason);

    [Theory]
    [InlineData("EncodedSlash", "None", nameof(RejectReason.PathEncodedSlash))]
    [InlineData("EncodedSlash", "EncodedSlash", nameof(RejectReason.None))]
    [InlineData("EncodedSlash, EncodedNul", "EncodedSlash", nameof(RejectReason.PathEncodedNul))]
    [InlineData("EncodedBackslash", "EncodedNul", nameof(RejectReason.PathEncodedBackslash))]
    [InlineData("None", "None", nameof(RejectReason.None))]
    public void Refusal_OfTraits_IsWhatTheRouterDoesNotAllow(string traits, string allowed, string reason) =>
        Assert.Equal(
            Enum.Parse<RejectReason>(reason),
            CanonicalPath.Refusal(Enum.Parse<PathTraits>(traits), Enum.Parse<PathTraits>(allowed)));

    [Fact]
    public void Read_AnyPath_AgreesWithTheNaiveForm() =>
        Paths.SampleSame(path => Read(path) == Naive(path), iter: 200_000, print: Uri.EscapeDataString);

    [Fact]
    public void Read_ItsOwnAnswer_ChangesNothing() =>
        Paths.SampleSame(
            path =>
            {
                (string once, PathTraits traits, RejectReason reason) = Read(path);
                (string twice, PathTraits left, RejectReason again) = Read(once);
                return reason != RejectReason.None
                    || (twice == once && again == RejectReason.None && (left & ~traits) == 0
                        && Status(once) == PathStatus.AlreadyCanonical);
            },
            iter: 100_000,
            print: Uri.EscapeDataString);

    [Fact]
    public void Read_LongestGrowth_FitsTheScratchBound()
    {
        string path = "/" + new string('"', 1000);
        Assert.Equal(1 + 3000, Read(path).Path.Length);
    }

    [Fact]
    public void Read_TooLittleScratch_Throws() =>
        Assert.Throws<ArgumentException>(() => CanonicalPath.Read("/%41"u8, new byte[11], out _, out _, out _));

    [Fact]
    public void Read_Canonical_NeedsNoScratch()
    {
        Assert.Equal(
            PathStatus.AlreadyCanonical,
            CanonicalPath.Read("/static/app.js"u8, default, out int length, out _, out _));
        Assert.Equal(14, length);
    }

    [Fact]
    public void Read_Warm_AllocatesNothing()
    {
        byte[] scratch = new byte[256];
        int sum = Sum(scratch);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                sum += Sum(scratch);
            }
        });
        Assert.NotEqual(0, sum);

        static int Sum(byte[] scratch)
        {
            CanonicalPath.Read("/api/v1/orders/42"u8, scratch, out int plain, out _, out _);
            CanonicalPath.Read("/api/../v1//%41%2f"u8, scratch, out int odd, out _, out _);
            return plain + odd;
        }
    }

    private static (string Path, PathTraits Traits, RejectReason Reason) Read(string path)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(path);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(bytes.Length)];
        PathStatus status = CanonicalPath.Read(
            bytes, scratch, out int length, out PathTraits traits, out RejectReason reason);
        return status switch
        {
            PathStatus.Malformed => (string.Empty, PathTraits.None, reason),
            PathStatus.Rewritten => (Encoding.Latin1.GetString(scratch, 0, length), traits, reason),
            _ => (length == path.Length ? path : "wrong length", traits, reason),
        };
    }

    private static PathStatus Status(string path)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(path);
        return CanonicalPath.Read(bytes, new byte[CanonicalPath.ScratchBytes(bytes.Length)], out _, out _, out _);
    }

    // The slow, obvious way: whole strings, one rule after the other.
    private static (string Path, PathTraits Traits, RejectReason Reason) Naive(string path)
    {
        var decoded = new StringBuilder();
        for (int i = 0; i < path.Length; i++)
        {
            char c = path[i];
            if (c == '%')
            {
                if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
                {
                    return (string.Empty, PathTraits.None, RejectReason.PathEscapeInvalid);
                }

                char value = (char)Convert.ToInt32(path.Substring(i + 1, 2), 16);
                decoded.Append(Unreserved.Contains(value, StringComparison.Ordinal) ? value : $"%{(int)value:X2}");
                i += 2;
            }
            else
            {
                decoded.Append(c == '/' || Plain.Contains(c, StringComparison.Ordinal) ? c : $"%{(int)c:X2}");
            }
        }

        var kept = new List<string>();
        string[] segments = decoded.ToString().Split('/').Skip(1).ToArray();
        foreach (string segment in segments)
        {
            if (segment == ".." && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (segment is not ("" or "." or ".."))
            {
                kept.Add(segment);
            }
        }

        bool slash = segments[^1] is "" or "." or "..";
        string result = "/" + string.Join('/', kept) + (slash && kept.Count > 0 ? "/" : string.Empty);
        PathTraits traits = (Has("%2F") ? PathTraits.EncodedSlash : 0)
            | (Has("%5C") ? PathTraits.EncodedBackslash : 0)
            | (Has("%00") ? PathTraits.EncodedNul : 0);
        return (result, traits, RejectReason.None);

        // Also what a later ".." removed: who sends it wants to be misread.
        bool Has(string escape) => decoded.ToString().Contains(escape, StringComparison.Ordinal);
    }
}
