using System;
using System.Diagnostics.CodeAnalysis;

namespace EdgeProxy.Primitives.Http;

/// <summary>What <see cref="CanonicalPath.Read"/> made of a path.</summary>
internal enum PathStatus : byte
{
    /// <summary>The path is canonical as it is; nothing was written that needs to be read.</summary>
    AlreadyCanonical,

    /// <summary>The canonical path stands in the scratch span.</summary>
    Rewritten,

    Malformed,
}

/// <summary>What a canonical path still holds that some servers take for something else.</summary>
[Flags]
internal enum PathTraits : byte
{
    None = 0,

    /// <summary>%2F.</summary>
    EncodedSlash = 1,

    /// <summary>%5C, or a raw backslash, which becomes one.</summary>
    EncodedBackslash = 2,

    /// <summary>%00.</summary>
    EncodedNul = 4,
}

/// <summary>
/// The one form of a path that router, middlewares and server all see (RFC 3986 section 6.2.2): unreserved bytes
/// decoded once, other escapes in upper case, bytes no path may hold escaped, empty and dot segments removed after
/// that.
/// </summary>
internal static class CanonicalPath
{
    /// <summary>
    /// Room that is always enough for the canonical form: each byte may become an escape, and "" becomes "/".
    /// </summary>
    public static int ScratchBytes(int pathLength) => Math.Max(1, 3 * pathLength);

    /// <summary>
    /// Reads a raw path. AlreadyCanonical: use <paramref name="path"/>. Rewritten: use the first
    /// <paramref name="length"/> bytes of <paramref name="scratch"/>, which MUST have <see cref="ScratchBytes"/>.
    /// "*" stays.
    /// </summary>
    public static PathStatus Read(
        ReadOnlySpan<byte> path, Span<byte> scratch, out int length, out PathTraits traits, out RejectReason reason)
    {
        traits = PathTraits.None;
        reason = RejectReason.None;
        length = path.Length;
        if (IsPlain(path) || path.SequenceEqual("*"u8))
        {
            return PathStatus.AlreadyCanonical;
        }

        if (scratch.Length < ScratchBytes(path.Length))
        {
            ThrowScratchTooShort();
        }

        length = 0;
        if (!path.IsEmpty && path[0] != (byte)'/')
        {
            reason = RejectReason.PathFormInvalid;
            return PathStatus.Malformed;
        }

        var rewriter = new Rewriter(scratch);
        reason = rewriter.Run(path);
        if (reason != RejectReason.None)
        {
            return PathStatus.Malformed;
        }

        length = rewriter.Length;
        traits = rewriter.Traits;
        return path.SequenceEqual(scratch[..length]) ? PathStatus.AlreadyCanonical : PathStatus.Rewritten;

        [DoesNotReturn]
        static void ThrowScratchTooShort() => throw new ArgumentException("shorter than ScratchBytes", nameof(scratch));
    }

    /// <summary>
    /// Why a path is refused by a router that allows only <paramref name="allowed"/>; None if it is not.
    /// </summary>
    public static RejectReason Refusal(PathTraits traits, PathTraits allowed)
    {
        PathTraits refused = traits & ~allowed;
        return refused == PathTraits.None ? RejectReason.None
            : (refused & PathTraits.EncodedNul) != 0 ? RejectReason.PathEncodedNul
            : (refused & PathTraits.EncodedSlash) != 0 ? RejectReason.PathEncodedSlash
            : RejectReason.PathEncodedBackslash;
    }

    // Nearly every path of nearly every client: three vectorised looks and no copy. "/." also begins "/.well-known",
    // which then takes the long way and is found to be canonical there.
    private static bool IsPlain(ReadOnlySpan<byte> path) =>
        !path.IsEmpty
        && path[0] == (byte)'/'
        && AsciiSet.PlainPath.ContainsAll(path)
        && path.IndexOf("/."u8) < 0
        && path.IndexOf("//"u8) < 0;

    /// <summary>
    /// Writes the canonical form segment by segment; what is written always ends in '/' where a segment begins.
    /// </summary>
    private ref struct Rewriter(Span<byte> output)
    {
        private readonly Span<byte> _output = output;
        private int _segment;

        public int Length { get; private set; }

        public PathTraits Traits { get; private set; }

        public RejectReason Run(ReadOnlySpan<byte> path)
        {
            Write((byte)'/');
            _segment = Length;
            for (int i = 1; i < path.Length; i++)
            {
                byte b = path[i];
                if (b == (byte)'/')
                {
                    EndSegment(slashFollows: true);
                }
                else if (b != (byte)'%')
                {
                    WriteRaw(b);
                }
                else if (i + 2 < path.Length && HexDigit.Worth(path[i + 1]) >= 0 && HexDigit.Worth(path[i + 2]) >= 0)
                {
                    WriteDecoded((byte)((HexDigit.Worth(path[i + 1]) << 4) | HexDigit.Worth(path[i + 2])));
                    i += 2;
                }
                else
                {
                    return RejectReason.PathEscapeInvalid;
                }
            }

            EndSegment(slashFollows: false);
            return RejectReason.None;
        }

        // RFC 3986 section 5.2.4, on the decoded segment; ".." at the root stays at the root.
        private void EndSegment(bool slashFollows)
        {
            ReadOnlySpan<byte> segment = _output[_segment..Length];
            if (segment.SequenceEqual("."u8))
            {
                Length = _segment;
            }
            else if (segment.SequenceEqual(".."u8))
            {
                int parent = _output[..(_segment - 1)].LastIndexOf((byte)'/');
                Length = Math.Max(parent + 1, 1);
            }
            else if (!segment.IsEmpty && slashFollows)
            {
                Write((byte)'/');
            }

            _segment = Length;
        }

        private void WriteRaw(byte b)
        {
            if (AsciiSet.PlainPath.Contains(b))
            {
                Write(b);
            }
            else
            {
                WriteEscape(b);
            }
        }

        private void WriteDecoded(byte b)
        {
            if (AsciiSet.Unreserved.Contains(b))
            {
                Write(b);
            }
            else
            {
                WriteEscape(b);
            }
        }

        private void WriteEscape(byte b)
        {
            Traits |= b switch
            {
                (byte)'/' => PathTraits.EncodedSlash,
                (byte)'\\' => PathTraits.EncodedBackslash,
                0 => PathTraits.EncodedNul,
                _ => PathTraits.None,
            };
            Write((byte)'%');
            Write(HexDigit.Upper(b >> 4));
            Write(HexDigit.Upper(b & 0xF));
        }

        private void Write(byte b) => _output[Length++] = b;
    }
}
