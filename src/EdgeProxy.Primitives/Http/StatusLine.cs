using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4).</summary>
internal static class StatusLine
{
    private const int CodeStart = HttpVersion.Bytes + 1;
    private const int CodeEnd = CodeStart + 3;

    /// <summary>Complete: the line is in the head and the resume points stand behind it.</summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, ResponseHead head)
    {
        ParseStatus status = LineEnd.Find(input, head.ResumeScan, out int stop);
        ReadOnlySpan<byte> line = input[..stop];

        // What is not HTTP ("SSH-2.0-...", TLS) is known by its first bytes; its line may never end.
        ReadOnlySpan<byte> name = "HTTP/"u8;
        int seen = Math.Min(line.Length, name.Length);
        if (!line[..seen].SequenceEqual(name[..seen]) || (status == ParseStatus.Complete && seen < name.Length))
        {
            return head.Refuse(RejectReason.StatusLineInvalid);
        }

        if (status == ParseStatus.NeedMore)
        {
            head.ResumeScan = stop;
            return status;
        }

        RejectReason reason = status == ParseStatus.Malformed ? LineEnd.Reason(input[stop]) : ReadParts(line, head);
        if (reason != RejectReason.None)
        {
            return head.Refuse(reason);
        }

        head.ResumeLine = stop + LineEnd.Bytes;
        head.ResumeScan = head.ResumeLine;
        return ParseStatus.Complete;
    }

    private static RejectReason ReadParts(ReadOnlySpan<byte> line, ResponseHead head)
    {
        if (line.StartsWith("HTTP/1.1 "u8))
        {
            head.MinorVersion = 1;
        }
        else if (!line.StartsWith("HTTP/1.0 "u8))
        {
            int space = line.IndexOf((byte)' ');
            RejectReason fault = HttpVersion.Fault(space < 0 ? line : line[..space]);
            bool versionIsFine = space != HttpVersion.Bytes
                && (line.StartsWith("HTTP/1.1"u8) || line.StartsWith("HTTP/1.0"u8));
            return versionIsFine ? RejectReason.StatusLineInvalid : fault;
        }

        // RFC 9110 section 15: three digits, the first from 1; a missing reason phrase may come without its SP.
        ReadOnlySpan<byte> code = line.Length >= CodeEnd ? line[CodeStart..CodeEnd] : default;
        if (code.IsEmpty
            || code[0] is < (byte)'1' or > (byte)'9'
            || !char.IsAsciiDigit((char)code[1])
            || !char.IsAsciiDigit((char)code[2])
            || (line.Length > CodeEnd && line[CodeEnd] != (byte)' '))
        {
            return RejectReason.StatusCodeInvalid;
        }

        head.StatusCode = ((code[0] - '0') * 100) + ((code[1] - '0') * 10) + (code[2] - '0');
        head.StatusAndReason = new ByteRange(CodeStart, line.Length - CodeStart);
        return RejectReason.None;
    }
}
