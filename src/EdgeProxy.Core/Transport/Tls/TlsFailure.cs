namespace EdgeProxy.Transport.Tls;

/// <summary>Why a handshake came to nothing, as far as it is worth telling apart.</summary>
internal enum TlsFailure : byte
{
    None,

    /// <summary>The peer's bytes are not TLS, or break its rules.</summary>
    Malformed,

    /// <summary>An HTTP request in clear text.</summary>
    PlainHttp,

    /// <summary>No version, cipher or signature that both sides accept.</summary>
    NothingShared,

    /// <summary>The name asked for is none of ours, and strict_sni is set.</summary>
    UnknownName,

    /// <summary>The peer's certificate is missing or does not verify.</summary>
    Certificate,

    /// <summary>The peer refused ours, by an alert.</summary>
    RefusedByPeer,

    /// <summary>The connection ended or broke before the handshake was over.</summary>
    Closed,
}

/// <summary>Sorts what OpenSSL says; numbers from openssl/sslerr.h, which do not change within OpenSSL 3.</summary>
internal static class TlsFailures
{
    private const int AlertReasons = 1000;

    public static TlsFailure Of(int reason) => reason switch
    {
        155 or 156 => TlsFailure.PlainHttp, // HTTPS_PROXY_REQUEST, HTTP_REQUEST

        // NO_CIPHERS_AVAILABLE, NO_CIPHERS_SPECIFIED, NO_PROTOCOLS_AVAILABLE, NO_SHARED_CIPHER,
        // NO_SUITABLE_SIGNATURE_ALGORITHM, NO_SUITABLE_KEY_SHARE, NO_SHARED_GROUPS, UNSUPPORTED_PROTOCOL,
        // VERSION_TOO_LOW, VERSION_TOO_HIGH, NO_SHARED_SIGNATURE_ALGORITHMS, NO_APPLICATION_PROTOCOL
        181 or 183 or 191 or 193 or 118 or 101 or 410 or 258 or 396 or 166 or 376 or 235 => TlsFailure.NothingShared,
        134 or 199 => TlsFailure.Certificate, // CERTIFICATE_VERIFY_FAILED, PEER_DID_NOT_RETURN_A_CERTIFICATE
        294 or 0 => TlsFailure.Closed, // UNEXPECTED_EOF_WHILE_READING, nothing in the queue
        >= AlertReasons and < AlertReasons + 256 => TlsFailure.RefusedByPeer,
        _ => TlsFailure.Malformed,
    };
}
