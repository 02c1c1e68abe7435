namespace EdgeProxy.Primitives.Http;

/// <summary>
/// The one table of rejections: status, name for metrics and logs, and a short text for the client. A server's bad
/// bytes are always 502 to the client, whatever their row says; the caller knows whose bytes they were.
/// </summary>
internal static class RejectReasons
{
    private static readonly Row[] Rows =
    [
        new(RejectReason.None, 400, "none", "bad request"),
        new(RejectReason.RequestLineEmpty, 400, "request_line_empty", "empty lines instead of a request line"),
        new(RejectReason.RequestLineInvalid, 400, "request_line_invalid", "request line is not: method target version"),
        new(RejectReason.MethodInvalid, 400, "method_invalid", "method is not a token"),
        new(RejectReason.MethodTooLong, 501, "method_too_long", "method is too long"),
        new(RejectReason.MethodTraceRefused, 405, "method_trace_refused", "TRACE is not allowed"),
        new(RejectReason.MethodConnectRefused, 405, "method_connect_refused", "CONNECT is not allowed"),
        new(RejectReason.VersionMissing, 400, "version_missing", "request line has no version"),
        new(RejectReason.VersionInvalid, 400, "version_invalid", "version is not HTTP/1.0 or HTTP/1.1"),
        new(RejectReason.VersionUnsupported, 505, "version_unsupported", "version is not HTTP/1.0 or HTTP/1.1"),
        new(RejectReason.TargetTooLong, 414, "target_too_long", "request target is too long"),
        new(RejectReason.TargetByteInvalid, 400, "target_byte_invalid", "request target has an invalid byte"),
        new(RejectReason.TargetFragment, 400, "target_fragment", "request target has a fragment"),
        new(RejectReason.TargetFormInvalid, 400, "target_form_invalid", "form of the request target is invalid"),
        new(RejectReason.TargetSchemeUnsupported, 400, "target_scheme_unsupported",
            "scheme of the target is not that of the connection"),
        new(RejectReason.TargetUserinfo, 400, "target_userinfo", "request target has userinfo"),
        new(RejectReason.TargetAuthorityInvalid, 400, "target_authority_invalid", "authority of the target is invalid"),
        new(RejectReason.BareCarriageReturn, 400, "bare_carriage_return", "CR without LF"),
        new(RejectReason.BareLineFeed, 400, "bare_line_feed", "LF without CR"),
        new(RejectReason.NulByte, 400, "nul_byte", "NUL byte"),
        new(RejectReason.ControlByte, 400, "control_byte", "control byte"),
        new(RejectReason.ObsoleteFold, 400, "obsolete_fold", "field line begins with whitespace"),
        new(RejectReason.FieldNameEmpty, 400, "field_name_empty", "field name is empty"),
        new(RejectReason.FieldNameInvalid, 400, "field_name_invalid", "field name is not a token"),
        new(RejectReason.WhitespaceBeforeColon, 400, "whitespace_before_colon", "whitespace before the colon"),
        new(RejectReason.ColonMissing, 400, "colon_missing", "field line has no colon"),
        new(RejectReason.HeadTooLarge, 431, "head_too_large", "header section is too large"),
        new(RejectReason.FieldCountOverLimit, 431, "field_count_over_limit", "too many header fields"),
        new(RejectReason.HostMissing, 400, "host_missing", "Host is missing"),
        new(RejectReason.HostRepeated, 400, "host_repeated", "Host is repeated"),
        new(RejectReason.HostEmpty, 400, "host_empty", "Host is empty"),
        new(RejectReason.HostInvalid, 400, "host_invalid", "Host is invalid"),
        new(RejectReason.ContentLengthInvalid, 400, "content_length_invalid", "Content-Length is not a number"),
        new(RejectReason.ContentLengthRepeated, 400, "content_length_repeated", "Content-Length is repeated"),
        new(RejectReason.TransferEncodingInvalid, 400, "transfer_encoding_invalid", "Transfer-Encoding is not chunked"),
        new(RejectReason.TransferEncodingRepeated, 400, "transfer_encoding_repeated", "Transfer-Encoding is repeated"),
        new(RejectReason.TransferCodingUnknown, 501, "transfer_coding_unknown", "transfer coding is not known"),
        new(RejectReason.TransferEncodingInHttp10, 400, "transfer_encoding_in_http10", "Transfer-Encoding in HTTP/1.0"),
        new(RejectReason.FramingConflict, 400, "framing_conflict", "Content-Length beside Transfer-Encoding"),
        new(RejectReason.ExpectationUnknown, 417, "expectation_unknown", "expectation is not 100-continue"),
        new(RejectReason.ConnectionInvalid, 400, "connection_invalid", "Connection is not a list of tokens"),
        new(RejectReason.ConnectionOptionsOverLimit, 400, "connection_options_over_limit", "Connection is too long"),
        new(RejectReason.StatusLineInvalid, 502, "status_line_invalid", "status line is invalid"),
        new(RejectReason.StatusCodeInvalid, 502, "status_code_invalid", "status code is invalid"),
        new(RejectReason.ChunkSizeInvalid, 400, "chunk_size_invalid", "chunk size is not hexadecimal"),
        new(RejectReason.ChunkSizeTooLarge, 400, "chunk_size_too_large", "chunk size is too large"),
        new(RejectReason.ChunkExtensionInvalid, 400, "chunk_extension_invalid", "chunk extension is invalid"),
        new(RejectReason.ChunkExtensionsTooLong, 400, "chunk_extensions_too_long", "chunk extensions are too long"),
        new(RejectReason.ChunkLineEndInvalid, 400, "chunk_line_end_invalid", "chunk size line does not end in CRLF"),
        new(RejectReason.ChunkDataEndInvalid, 400, "chunk_data_end_invalid", "chunk data is not followed by CRLF"),
        new(RejectReason.TrailersTooLarge, 431, "trailers_too_large", "trailer section is too large"),
        new(RejectReason.TrailerCountOverLimit, 431, "trailer_count_over_limit", "too many trailer fields"),
        new(RejectReason.PathFormInvalid, 400, "path_form_invalid", "path does not begin with a slash"),
        new(RejectReason.PathEscapeInvalid, 400, "path_escape_invalid", "path has an invalid percent-escape"),
        new(RejectReason.PathEncodedSlash, 400, "path_encoded_slash", "path has an encoded slash"),
        new(RejectReason.PathEncodedBackslash, 400, "path_encoded_backslash", "path has a backslash"),
        new(RejectReason.PathEncodedNul, 400, "path_encoded_nul", "path has an encoded NUL"),
        new(RejectReason.BodyTooLarge, 413, "body_too_large", "request body is too large"),
        new(RejectReason.HostMisdirected, 421, "host_misdirected", "connection was made for another host"),
    ];

    /// <summary>Reasons there are, <see cref="RejectReason.None"/> included: the size of a counter array.</summary>
    public static int Count => Rows.Length;

    /// <summary>The status a client's message with this fault is answered with.</summary>
    public static int StatusCode(RejectReason reason) => Rows[(int)reason].StatusCode;

    /// <summary>snake_case, for metric labels and logs.</summary>
    public static string Name(RejectReason reason) => Rows[(int)reason].Name;

    /// <summary>A few words for the client; they never hold bytes of its message.</summary>
    public static string Text(RejectReason reason) => Rows[(int)reason].Text;

    /// <summary>Which reason row <paramref name="index"/> is for; the table's order is held by a test.</summary>
    internal static RejectReason ReasonAt(int index) => Rows[index].Reason;

    private readonly record struct Row(RejectReason Reason, int StatusCode, string Name, string Text);
}
