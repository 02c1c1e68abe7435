using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Recognises methods, which are case-sensitive (RFC 9110 section 9.1).</summary>
internal static class Methods
{
    /// <summary>Longest method accepted; the longest one registered has 17 bytes (UPDATEREDIRECTREF).</summary>
    public const int BytesMax = 32;

    /// <summary>
    /// The method, if the line begins with one that is forwarded and known, and SP; its length, or 0.
    /// </summary>
    public static int ReadKnown(ReadOnlySpan<byte> line, out Method method)
    {
        if (line.StartsWith("GET "u8))
        {
            method = Method.Get;
            return 3;
        }

        if (line.StartsWith("POST "u8))
        {
            method = Method.Post;
            return 4;
        }

        return ReadRarer(line, out method);
    }

    /// <summary>What <see cref="ReadKnown"/> reads; empty for any other method.</summary>
    public static ReadOnlySpan<byte> Text(Method method) => method switch
    {
        Method.Get => "GET"u8,
        Method.Head => "HEAD"u8,
        Method.Post => "POST"u8,
        Method.Put => "PUT"u8,
        Method.Patch => "PATCH"u8,
        Method.Delete => "DELETE"u8,
        Method.Options => "OPTIONS"u8,
        _ => default,
    };

    /// <summary>
    /// Judges a method that <see cref="ReadKnown"/> does not know. TRACE and CONNECT are refused in any case: a server
    /// that folds case would take "trace" for TRACE.
    /// </summary>
    public static RejectReason Judge(ReadOnlySpan<byte> method) => method.Length switch
    {
        > BytesMax => RejectReason.MethodTooLong,
        5 when Ascii.EqualsIgnoreCase(method, "TRACE"u8) => RejectReason.MethodTraceRefused,
        7 when Ascii.EqualsIgnoreCase(method, "CONNECT"u8) => RejectReason.MethodConnectRefused,
        _ => !method.IsEmpty && AsciiSet.Token.ContainsAll(method) ? RejectReason.None : RejectReason.MethodInvalid,
    };

    private static int ReadRarer(ReadOnlySpan<byte> line, out Method method)
    {
        method = Method.Other;
        if (line.Length < 4)
        {
            return 0;
        }

        method = line[1] switch
        {
            (byte)'E' when line.StartsWith("HEAD "u8) => Method.Head,
            (byte)'E' when line.StartsWith("DELETE "u8) => Method.Delete,
            (byte)'U' when line.StartsWith("PUT "u8) => Method.Put,
            (byte)'A' when line.StartsWith("PATCH "u8) => Method.Patch,
            (byte)'P' when line.StartsWith("OPTIONS "u8) => Method.Options,
            _ => Method.Other,
        };
        return method switch
        {
            Method.Put => 3,
            Method.Head => 4,
            Method.Patch => 5,
            Method.Delete => 6,
            Method.Options => 7,
            _ => 0,
        };
    }
}
