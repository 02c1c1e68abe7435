using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Takes a request target apart (RFC 9112 section 3.2).</summary>
internal static class RequestTarget
{
    /// <summary>Reads head.Target into form, path, query and, for an absolute target, authority.</summary>
    public static RejectReason Read(ReadOnlySpan<byte> input, RequestHead head)
    {
        ReadOnlySpan<byte> target = head.Target.Of(input);
        return target[0] == (byte)'/'
            ? ReadPathAndQuery(target, 0, head)
            : ReadOtherForm(target, head);
    }

    // origin-form = absolute-path [ "?" query ]
    private static RejectReason ReadPathAndQuery(ReadOnlySpan<byte> target, int pathStart, RequestHead head)
    {
        int offset = head.Target.Offset;
        ReadOnlySpan<byte> rest = target[pathStart..];
        int pathLength = AsciiSet.TargetPath.LengthAt(rest);
        if (pathLength == rest.Length)
        {
            head.Path = new ByteRange(offset + pathStart, rest.Length);
            return RejectReason.None;
        }

        if (rest[pathLength] != (byte)'?')
        {
            return ByteFault(rest[pathLength]);
        }

        ReadOnlySpan<byte> query = rest[(pathLength + 1)..];
        int stop = AsciiSet.Target.LengthAt(query);
        if (stop < query.Length)
        {
            return ByteFault(query[stop]);
        }

        head.Path = new ByteRange(offset + pathStart, pathLength);
        head.Query = new ByteRange(offset + pathStart + pathLength + 1, query.Length);
        head.HasQuery = true;
        return RejectReason.None;
    }

    private static RejectReason ReadOtherForm(ReadOnlySpan<byte> target, RequestHead head)
    {
        int stop = AsciiSet.Target.LengthAt(target);
        if (stop < target.Length)
        {
            return ByteFault(target[stop]);
        }

        int scheme = target.IndexOf("://"u8);
        bool hasScheme = scheme > 0 && target[..scheme].IndexOfAny((byte)'/', (byte)'?') < 0;
        bool isTaken = hasScheme && IsTaken(target[..scheme], head.Scheme);
        int authorityStart = scheme + "://"u8.Length;
        if (isTaken && target.Length > authorityStart)
        {
            return ReadAbsolute(target, authorityStart, head);
        }

        // asterisk-form = "*", for OPTIONS only
        if (target.SequenceEqual("*"u8) && head.Method == Method.Options)
        {
            head.Form = TargetForm.Asterisk;
            head.Path = head.Target;
            return RejectReason.None;
        }

        return hasScheme && !isTaken ? RejectReason.TargetSchemeUnsupported : RejectReason.TargetFormInvalid;
    }

    // RFC 9110 section 7.4: https is not answered on a connection in clear text. Nor is http on one of TLS: it names
    // another resource, and servers are told that the client's connection is secure.
    private static bool IsTaken(ReadOnlySpan<byte> scheme, TargetScheme taken) =>
        (taken != TargetScheme.Https && Ascii.EqualsIgnoreCase(scheme, "http"u8))
        || (taken != TargetScheme.Http && Ascii.EqualsIgnoreCase(scheme, "https"u8));

    // absolute-form = ( "http" / "https" ) "://" authority path-abempty [ "?" query ]
    private static RejectReason ReadAbsolute(ReadOnlySpan<byte> target, int authorityStart, RequestHead head)
    {
        ReadOnlySpan<byte> rest = target[authorityStart..];
        int length = rest.IndexOfAny((byte)'/', (byte)'?');
        ReadOnlySpan<byte> authority = length < 0 ? rest : rest[..length];
        if (authority.IndexOf((byte)'@') >= 0)
        {
            return RejectReason.TargetUserinfo;
        }

        if (!Authority.TryRead(authority, out int hostLength, out int port))
        {
            return RejectReason.TargetAuthorityInvalid;
        }

        head.Form = TargetForm.Absolute;
        head.SetAuthority(head.Target.Offset + authorityStart, authority.Length, hostLength, port);
        return ReadPathAndQuery(target, authorityStart + authority.Length, head);
    }

    private static RejectReason ByteFault(byte stop) => stop switch
    {
        (byte)'#' => RejectReason.TargetFragment,
        (byte)' ' or (byte)'\t' => RejectReason.RequestLineInvalid,
        _ => RejectReason.TargetByteInvalid,
    };
}
