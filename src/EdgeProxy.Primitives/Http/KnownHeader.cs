namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Field names the proxy recognises, without regard to case. <see cref="Unknown"/> is every other name.
/// </summary>
internal enum KnownHeader : byte
{
    Unknown,

    // Framing and connection control (RFC 9110 section 7.6, RFC 9112 section 6).
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    KeepAlive,
    ProxyConnection,
    Te,
    Trailer,
    Upgrade,
    Http2Settings,
    Expect,

    // What the proxy asserts to the server about the client.
    Forwarded,
    XForwardedFor,
    XForwardedHost,
    XForwardedPort,
    XForwardedProto,
    XForwardedPrefix,
    XForwardedServer,
    XForwardedTlsClientCert,
    XForwardedTlsClientCertInfo,
    XRealIp,
    XRequestId,

    // Passed on, and looked at.
    Traceparent,
    Tracestate,
    Date,
    Server,
    ContentType,
    ContentEncoding,
    Authorization,
    Cookie,
    SetCookie,
    UserAgent,
    Accept,
    Location,
    WwwAuthenticate,
    ProxyAuthenticate,
    ProxyAuthorization,
}
