using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads request-line = method SP request-target SP HTTP-version (RFC 9112 section 3).</summary>
internal static class RequestLine
{
    private const int VersionAndSpace = HttpVersion.Bytes + 1;

    /// <summary>Complete: the line is in the head and the resume points stand behind it.</summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, HeadLimits limits, RequestHead head)
    {
        // RFC 9112 section 2.2: one empty line before the request line is let pass, for old clients that send it after
        // a body.
        if (head.ResumeLine == 0 && input.StartsWith("\r\n"u8))
        {
            head.ResumeLine = LineEnd.Bytes;
            head.ResumeScan = LineEnd.Bytes;
        }

        int start = head.ResumeLine;
        ParseStatus status = LineEnd.Find(input, head.ResumeScan, out int stop);
        ReadOnlySpan<byte> line = input[start..stop];
        int methodLength = Methods.ReadKnown(line, out Method method);
        RejectReason reason = RejectReason.None;
        if (status != ParseStatus.Complete || methodLength == 0 || line.Length > limits.TargetBytes)
        {
            // Judged on the same bytes whether they come at once or in pieces, so the answer is the same too.
            reason = LengthFault(line, limits);
            if (reason == RejectReason.None && status == ParseStatus.NeedMore)
            {
                head.ResumeScan = stop;
                return ParseStatus.NeedMore;
            }

            if (reason == RejectReason.None && status == ParseStatus.Malformed)
            {
                reason = LineEnd.Reason(input[stop]);
            }
        }

        if (reason == RejectReason.None)
        {
            head.Method = method;
            reason = ReadParts(input, start, line, methodLength, head);
        }

        if (reason != RejectReason.None)
        {
            return head.Refuse(reason);
        }

        head.ResumeLine = stop + LineEnd.Bytes;
        head.ResumeScan = head.ResumeLine;
        return ParseStatus.Complete;
    }

    // Known as soon as one byte too many is seen, without the end of the line.
    private static RejectReason LengthFault(ReadOnlySpan<byte> line, HeadLimits limits)
    {
        if (line.Length <= Methods.BytesMax)
        {
            return RejectReason.None;
        }

        int space = line[..(Methods.BytesMax + 1)].IndexOf((byte)' ');
        if (space < 0)
        {
            return RejectReason.MethodTooLong;
        }

        ReadOnlySpan<byte> target = line[(space + 1)..];
        if (target.Length > limits.TargetBytes && target[..(limits.TargetBytes + 1)].IndexOf((byte)' ') < 0)
        {
            return RejectReason.TargetTooLong;
        }

        int lineBytesMax = Methods.BytesMax + 1 + limits.TargetBytes + VersionAndSpace;
        return line.Length > lineBytesMax ? RejectReason.RequestLineInvalid : RejectReason.None;
    }

    private static RejectReason ReadParts(
        ReadOnlySpan<byte> input, int start, ReadOnlySpan<byte> line, int methodLength, RequestHead head)
    {
        if (methodLength == 0)
        {
            RejectReason methodFault = ReadRareMethod(line, out methodLength);
            if (methodFault != RejectReason.None)
            {
                return methodFault;
            }
        }

        if (line.EndsWith(" HTTP/1.1"u8))
        {
            head.MinorVersion = 1;
        }
        else if (!line.EndsWith(" HTTP/1.0"u8))
        {
            return VersionFault(line, methodLength);
        }

        int targetStart = methodLength + 1;
        int targetLength = line.Length - VersionAndSpace - targetStart;
        if (targetLength <= 0)
        {
            return RejectReason.RequestLineInvalid;
        }

        head.MethodText = new ByteRange(start, methodLength);
        head.Target = new ByteRange(start + targetStart, targetLength);
        return RequestTarget.Read(input, head);
    }

    private static RejectReason ReadRareMethod(ReadOnlySpan<byte> line, out int length)
    {
        length = line.IndexOf((byte)' ');
        if (line.IsEmpty)
        {
            return RejectReason.RequestLineEmpty;
        }

        if (length == 0)
        {
            return RejectReason.RequestLineInvalid;
        }

        RejectReason fault = Methods.Judge(length < 0 ? line : line[..length]);
        return fault == RejectReason.None && length < 0 ? RejectReason.RequestLineInvalid : fault;
    }

    private static RejectReason VersionFault(ReadOnlySpan<byte> line, int methodLength)
    {
        int lastSpace = line.LastIndexOf((byte)' ');
        if (lastSpace == methodLength)
        {
            return RejectReason.VersionMissing;
        }

        // Trailing or doubled whitespace; RFC 9112 section 3 lets a server be lenient here, we are not.
        ReadOnlySpan<byte> version = line[(lastSpace + 1)..];
        return version.IsEmpty || version.IndexOf((byte)'\t') >= 0
            ? RejectReason.RequestLineInvalid
            : HttpVersion.Fault(version);
    }
}
