using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Primitives.Http;

/// <summary>Recognises field names: length and first letter leave one candidate, one comparison decides.</summary>
internal static class KnownHeaders
{
    // RFC 9110 section 7.6.1, RFC 9113 section 8.2.2; HTTP2-Settings: RFC 7540 section 3.2.1.
    private const ulong HopByHop =
        (1UL << (int)KnownHeader.Connection) | (1UL << (int)KnownHeader.KeepAlive) |
        (1UL << (int)KnownHeader.ProxyConnection) | (1UL << (int)KnownHeader.Te) |
        (1UL << (int)KnownHeader.TransferEncoding) | (1UL << (int)KnownHeader.Upgrade) |
        (1UL << (int)KnownHeader.Http2Settings);

    /// <summary>
    /// Finds the header a name means. <paramref name="name"/> MUST be a token: the comparison folds case by one bit,
    /// which is exact for tokens only.
    /// </summary>
    public static KnownHeader Find(ReadOnlySpan<byte> name, out FieldTraits traits)
    {
        traits = FieldTraits.None;
        KnownHeader candidate = Candidate(name);
        if (candidate == KnownHeader.Unknown)
        {
            return KnownHeader.Unknown;
        }

        ReadOnlySpan<byte> lower = Name(candidate);
        if (!EqualsLower(name, lower))
        {
            if (!IsAlias(name, lower))
            {
                return KnownHeader.Unknown;
            }

            traits = FieldTraits.Alias;
        }

        if ((HopByHop & (1UL << (int)candidate)) != 0)
        {
            traits |= FieldTraits.HopByHop;
        }

        return candidate;
    }

    /// <summary>The name in lower case; empty for <see cref="KnownHeader.Unknown"/>.</summary>
    public static ReadOnlySpan<byte> Name(KnownHeader header) => header switch
    {
        KnownHeader.Host => "host"u8,
        KnownHeader.ContentLength => "content-length"u8,
        KnownHeader.TransferEncoding => "transfer-encoding"u8,
        KnownHeader.Connection => "connection"u8,
        KnownHeader.KeepAlive => "keep-alive"u8,
        KnownHeader.ProxyConnection => "proxy-connection"u8,
        KnownHeader.Te => "te"u8,
        KnownHeader.Trailer => "trailer"u8,
        KnownHeader.Upgrade => "upgrade"u8,
        KnownHeader.Http2Settings => "http2-settings"u8,
        KnownHeader.Expect => "expect"u8,
        KnownHeader.Forwarded => "forwarded"u8,
        KnownHeader.XForwardedFor => "x-forwarded-for"u8,
        KnownHeader.XForwardedHost => "x-forwarded-host"u8,
        KnownHeader.XForwardedPort => "x-forwarded-port"u8,
        KnownHeader.XForwardedProto => "x-forwarded-proto"u8,
        KnownHeader.XForwardedPrefix => "x-forwarded-prefix"u8,
        KnownHeader.XForwardedServer => "x-forwarded-server"u8,
        KnownHeader.XForwardedTlsClientCert => "x-forwarded-tls-client-cert"u8,
        KnownHeader.XForwardedTlsClientCertInfo => "x-forwarded-tls-client-cert-info"u8,
        KnownHeader.XRealIp => "x-real-ip"u8,
        KnownHeader.XRequestId => "x-request-id"u8,
        KnownHeader.Traceparent => "traceparent"u8,
        KnownHeader.Tracestate => "tracestate"u8,
        KnownHeader.Date => "date"u8,
        KnownHeader.Server => "server"u8,
        KnownHeader.ContentType => "content-type"u8,
        KnownHeader.ContentEncoding => "content-encoding"u8,
        KnownHeader.Authorization => "authorization"u8,
        KnownHeader.Cookie => "cookie"u8,
        KnownHeader.SetCookie => "set-cookie"u8,
        KnownHeader.UserAgent => "user-agent"u8,
        KnownHeader.Accept => "accept"u8,
        KnownHeader.Location => "location"u8,
        KnownHeader.WwwAuthenticate => "www-authenticate"u8,
        KnownHeader.ProxyAuthenticate => "proxy-authenticate"u8,
        KnownHeader.ProxyAuthorization => "proxy-authorization"u8,
        _ => default,
    };

    // No known name has its '-' first, last or next to last, so an alias finds the same candidate as the true name.
    private static KnownHeader Candidate(ReadOnlySpan<byte> name) => ((name.Length << 8) | (name[0] | 0x20)) switch
    {
        (2 << 8) | 't' => KnownHeader.Te,
        (4 << 8) | 'd' => KnownHeader.Date,
        (4 << 8) | 'h' => KnownHeader.Host,
        (6 << 8) | 'a' => KnownHeader.Accept,
        (6 << 8) | 'c' => KnownHeader.Cookie,
        (6 << 8) | 'e' => KnownHeader.Expect,
        (6 << 8) | 's' => KnownHeader.Server,
        (7 << 8) | 't' => KnownHeader.Trailer,
        (7 << 8) | 'u' => KnownHeader.Upgrade,
        (8 << 8) | 'l' => KnownHeader.Location,
        (9 << 8) | 'f' => KnownHeader.Forwarded,
        (9 << 8) | 'x' => KnownHeader.XRealIp,
        (10 << 8) | 'c' => KnownHeader.Connection,
        (10 << 8) | 'k' => KnownHeader.KeepAlive,
        (10 << 8) | 's' => KnownHeader.SetCookie,
        (10 << 8) | 't' => KnownHeader.Tracestate,
        (10 << 8) | 'u' => KnownHeader.UserAgent,
        (11 << 8) | 't' => KnownHeader.Traceparent,
        (12 << 8) | 'c' => KnownHeader.ContentType,
        (12 << 8) | 'x' => KnownHeader.XRequestId,
        (13 << 8) | 'a' => KnownHeader.Authorization,
        (14 << 8) | 'c' => KnownHeader.ContentLength,
        (14 << 8) | 'h' => KnownHeader.Http2Settings,
        (15 << 8) | 'x' => KnownHeader.XForwardedFor,
        (16 << 8) | 'c' => KnownHeader.ContentEncoding,
        (16 << 8) | 'p' => KnownHeader.ProxyConnection,
        (16 << 8) | 'w' => KnownHeader.WwwAuthenticate,
        (16 << 8) | 'x' => (name[^2] | 0x20) == 's' ? KnownHeader.XForwardedHost : KnownHeader.XForwardedPort,
        (17 << 8) | 't' => KnownHeader.TransferEncoding,
        (17 << 8) | 'x' => KnownHeader.XForwardedProto,
        (18 << 8) | 'p' => KnownHeader.ProxyAuthenticate,
        (18 << 8) | 'x' => (name[^1] | 0x20) == 'x' ? KnownHeader.XForwardedPrefix : KnownHeader.XForwardedServer,
        (19 << 8) | 'p' => KnownHeader.ProxyAuthorization,
        (27 << 8) | 'x' => KnownHeader.XForwardedTlsClientCert,
        (32 << 8) | 'x' => KnownHeader.XForwardedTlsClientCertInfo,
        _ => KnownHeader.Unknown,
    };

    // Setting bit 0x20 maps no two token bytes onto a letter, digit or '-' except the two cases of a letter.
    private static bool EqualsLower(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        ref byte left = ref MemoryMarshal.GetReference(name);
        ref byte right = ref MemoryMarshal.GetReference(lower);
        if (name.Length < sizeof(ulong))
        {
            for (int i = 0; i < name.Length; i++)
            {
                if ((name[i] | 0x20) != lower[i])
                {
                    return false;
                }
            }

            return true;
        }

        for (int i = 0; i < name.Length - sizeof(ulong); i += sizeof(ulong))
        {
            if (!EightEqualLower(ref Unsafe.Add(ref left, i), ref Unsafe.Add(ref right, i)))
            {
                return false;
            }
        }

        int last = name.Length - sizeof(ulong);
        return EightEqualLower(ref Unsafe.Add(ref left, last), ref Unsafe.Add(ref right, last));
    }

    private static bool EightEqualLower(ref byte name, ref byte lower) =>
        (Unsafe.ReadUnaligned<ulong>(ref name) | 0x2020_2020_2020_2020UL) == Unsafe.ReadUnaligned<ulong>(ref lower);

    private static bool IsAlias(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        for (int i = 0; i < name.Length; i++)
        {
            bool same = (name[i] | 0x20) == lower[i];
            bool stands = lower[i] == (byte)'-' && name[i] is (byte)'_' or (byte)'.';
            if (!same && !stands)
            {
                return false;
            }
        }

        return true;
    }
}
