namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Why a head, a chunk or a path was refused. <see cref="RejectReasons"/> gives each its status, name and text.
/// </summary>
internal enum RejectReason : byte
{
    None,

    /// <summary>More than the one empty line that may precede a request line (RFC 9112 section 2.2).</summary>
    RequestLineEmpty,

    /// <summary>Not method SP target SP version with one space each (RFC 9112 section 3).</summary>
    RequestLineInvalid,

    /// <summary>The method is not a token (RFC 9110 section 9.1).</summary>
    MethodInvalid,

    /// <summary>The method is longer than any we could know: 501 (RFC 9112 section 3).</summary>
    MethodTooLong,

    /// <summary>TRACE reflects what only the proxy should see: 405 (RFC 9110 section 9.3.8).</summary>
    MethodTraceRefused,

    /// <summary>A reverse proxy opens no tunnels to where a client likes: 405 (RFC 9110 section 9.3.6).</summary>
    MethodConnectRefused,

    /// <summary>A request line without version, HTTP/0.9 (RFC 9112 section 3).</summary>
    VersionMissing,

    /// <summary>The version is not "HTTP/" DIGIT "." DIGIT, which is case-sensitive (RFC 9112 section 2.3).</summary>
    VersionInvalid,

    /// <summary>A well-formed version other than HTTP/1.0 and HTTP/1.1: 505 (RFC 9110 section 15.6.6).</summary>
    VersionUnsupported,

    /// <summary>The target is over <see cref="HeadLimits.TargetBytes"/>: 414 (RFC 9112 section 3).</summary>
    TargetTooLong,

    /// <summary>A byte at or below 0x20, DEL, or one at or above 0x80 in the target (RFC 9112 section 3.2).</summary>
    TargetByteInvalid,

    /// <summary>A fragment in the target (RFC 9112 section 3.2.1; CVE-2023-47106, CVE-2023-45539).</summary>
    TargetFragment,

    /// <summary>
    /// Neither origin-form, nor absolute-form, nor asterisk-form with OPTIONS (RFC 9112 section 3.2).
    /// </summary>
    TargetFormInvalid,

    /// <summary>An absolute target whose scheme is not the connection's (RFC 9110 section 7.4).</summary>
    TargetSchemeUnsupported,

    /// <summary>Userinfo in an absolute target (RFC 9110 section 4.2.4).</summary>
    TargetUserinfo,

    /// <summary>The authority of an absolute target is not host [":" port] (RFC 9110 section 4.2.1).</summary>
    TargetAuthorityInvalid,

    /// <summary>CR not followed by LF (RFC 9112 section 2.2).</summary>
    BareCarriageReturn,

    /// <summary>
    /// LF not preceded by CR; we do not take it for a line end (RFC 9112 section 2.2 leaves that open).
    /// </summary>
    BareLineFeed,

    /// <summary>NUL in a head or in trailers (RFC 9110 section 5.5).</summary>
    NulByte,

    /// <summary>Another control byte in a head or in trailers (RFC 9110 section 5.5).</summary>
    ControlByte,

    /// <summary>A field line that begins with whitespace: obs-fold (RFC 9112 sections 2.2 and 5.2).</summary>
    ObsoleteFold,

    /// <summary>A field line that begins with its colon (RFC 9112 section 5; CVE-2023-25725).</summary>
    FieldNameEmpty,

    /// <summary>A field name that is not a token (RFC 9110 section 5.1).</summary>
    FieldNameInvalid,

    /// <summary>Whitespace between field name and colon (RFC 9112 section 5.1).</summary>
    WhitespaceBeforeColon,

    /// <summary>A field line without a colon (RFC 9112 section 5).</summary>
    ColonMissing,

    /// <summary>The head is over <see cref="HeadLimits.HeadBytes"/>: 431 (RFC 6585 section 5).</summary>
    HeadTooLarge,

    /// <summary>More field lines than <see cref="HeadLimits.FieldCount"/>: 431 (RFC 6585 section 5).</summary>
    FieldCountOverLimit,

    /// <summary>HTTP/1.1 without Host (RFC 9112 section 3.2).</summary>
    HostMissing,

    /// <summary>More than one Host (RFC 9112 section 3.2).</summary>
    HostRepeated,

    /// <summary>Host without a value: no target of ours is without authority (RFC 9112 section 3.2).</summary>
    HostEmpty,

    /// <summary>Host is not uri-host [":" port] (RFC 9110 section 7.2, RFC 9112 section 3.2).</summary>
    HostInvalid,

    /// <summary>Content-Length is not 1*DIGIT, or over 2^63-1 (RFC 9110 section 8.6).</summary>
    ContentLengthInvalid,

    /// <summary>More than one Content-Length, equal or not (RFC 9112 section 6.3).</summary>
    ContentLengthRepeated,

    /// <summary>
    /// Transfer-Encoding does not end in chunked, or names it twice, or is no list of tokens (RFC 9112 section 6.3).
    /// </summary>
    TransferEncodingInvalid,

    /// <summary>More than one Transfer-Encoding (RFC 9112 section 6.1).</summary>
    TransferEncodingRepeated,

    /// <summary>A transfer coding besides chunked: 501 (RFC 9112 section 6.1).</summary>
    TransferCodingUnknown,

    /// <summary>Transfer-Encoding in an HTTP/1.0 message: its framing is faulty (RFC 9112 section 6.1).</summary>
    TransferEncodingInHttp10,

    /// <summary>Content-Length and Transfer-Encoding: two framings at once (RFC 9112 section 6.1).</summary>
    FramingConflict,

    /// <summary>An expectation other than 100-continue: 417 (RFC 9110 section 10.1.1).</summary>
    ExpectationUnknown,

    /// <summary>Connection is not a list of tokens (RFC 9110 section 7.6.1).</summary>
    ConnectionInvalid,

    /// <summary>
    /// More Connection options than <see cref="ConnectionOptions.OptionsMax"/>; each one costs a pass over the fields.
    /// </summary>
    ConnectionOptionsOverLimit,

    /// <summary>A server's first line is no status line (RFC 9112 section 4).</summary>
    StatusLineInvalid,

    /// <summary>
    /// A status code that is not three digits from 100 to 999 (RFC 9112 section 4, RFC 9110 section 15).
    /// </summary>
    StatusCodeInvalid,

    /// <summary>A chunk size that is not 1*HEXDIG (RFC 9112 section 7.1).</summary>
    ChunkSizeInvalid,

    /// <summary>
    /// A chunk size of more than 16 digits or over 2^62 (RFC 9112 section 7.1 asks to guard against overflow).
    /// </summary>
    ChunkSizeTooLarge,

    /// <summary>A chunk extension that does not follow the grammar (RFC 9112 section 7.1.1; CVE-2025-55315).</summary>
    ChunkExtensionInvalid,

    /// <summary>
    /// Chunk extensions of one message over <see cref="HeadLimits.ChunkExtensionBytes"/> (RFC 9112 section 7.1.1).
    /// </summary>
    ChunkExtensionsTooLong,

    /// <summary>A chunk's size line that does not end in CRLF (RFC 9112 section 7.1; CVE-2025-55315).</summary>
    ChunkLineEndInvalid,

    /// <summary>Chunk data not followed by CRLF (RFC 9112 section 7.1).</summary>
    ChunkDataEndInvalid,

    /// <summary>Trailers over <see cref="HeadLimits.TrailerBytes"/>: 431 (RFC 6585 section 5).</summary>
    TrailersTooLarge,

    /// <summary>More trailer fields than <see cref="HeadLimits.FieldCount"/>: 431 (RFC 6585 section 5).</summary>
    TrailerCountOverLimit,

    /// <summary>A path that neither begins with '/' nor is "*" (RFC 9112 section 3.2.1).</summary>
    PathFormInvalid,

    /// <summary>'%' not followed by two hexadecimal digits (RFC 3986 section 2.1).</summary>
    PathEscapeInvalid,

    /// <summary>%2F in the path of a router that does not allow it (RFC 3986 section 2.2).</summary>
    PathEncodedSlash,

    /// <summary>%5C or '\' in the path of a router that does not allow it: some servers take it for '/'.</summary>
    PathEncodedBackslash,

    /// <summary>%00 in the path of a router that does not allow it: it ends strings in some servers.</summary>
    PathEncodedNul,

    /// <summary>The body is longer than a router allows: 413 (RFC 9110 section 15.5.14).</summary>
    BodyTooLarge,

    /// <summary>The connection's TLS was made for another host: 421 (RFC 9110 section 15.5.20).</summary>
    HostMisdirected,
}
