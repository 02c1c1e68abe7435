using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Status lines of our own answers, and reason phrases (RFC 9110 section 15, RFC 6585, RFC 8470).</summary>
internal static class StatusLines
{
    /// <summary>
    /// Longest line <see cref="Write"/> can make: the version, SP, code, SP, the longest phrase, CRLF.
    /// </summary>
    public const int BytesMax = HttpVersion.Bytes + 1 + 3 + 1 + PhraseBytesMax + LineEnd.Bytes;

    private const int PhraseBytesMax = 31; // Request Header Fields Too Large

    /// <summary>
    /// Writes "HTTP/1.1 200 OK" and CRLF, and returns the length; a status without a phrase keeps its last SP.
    /// </summary>
    public static int Write(Span<byte> destination, int statusCode)
    {
        ReadOnlySpan<byte> phrase = Phrase(statusCode);

        // status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4)
        "HTTP/1.1 "u8.CopyTo(destination);
        int at = HttpVersion.Bytes + 1;
        destination[at++] = (byte)('0' + ((statusCode / 100) % 10));
        destination[at++] = (byte)('0' + ((statusCode / 10) % 10));
        destination[at++] = (byte)('0' + (statusCode % 10));
        destination[at++] = (byte)' ';
        phrase.CopyTo(destination[at..]);
        at += phrase.Length;
        "\r\n"u8.CopyTo(destination[at..]);
        return at + LineEnd.Bytes;
    }

    /// <summary>The reason phrase; empty if the status is not registered.</summary>
    public static ReadOnlySpan<byte> Phrase(int statusCode) => statusCode switch
    {
        < 300 => PhraseOfSuccess(statusCode),
        < 400 => PhraseOfRedirect(statusCode),
        < 500 => PhraseOfClientFault(statusCode),
        _ => PhraseOfServerFault(statusCode),
    };

    private static ReadOnlySpan<byte> PhraseOfSuccess(int statusCode) => statusCode switch
    {
        100 => "Continue"u8,
        101 => "Switching Protocols"u8,
        102 => "Processing"u8,
        103 => "Early Hints"u8,
        200 => "OK"u8,
        201 => "Created"u8,
        202 => "Accepted"u8,
        203 => "Non-Authoritative Information"u8,
        204 => "No Content"u8,
        205 => "Reset Content"u8,
        206 => "Partial Content"u8,
        207 => "Multi-Status"u8,
        208 => "Already Reported"u8,
        226 => "IM Used"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> PhraseOfRedirect(int statusCode) => statusCode switch
    {
        300 => "Multiple Choices"u8,
        301 => "Moved Permanently"u8,
        302 => "Found"u8,
        303 => "See Other"u8,
        304 => "Not Modified"u8,
        305 => "Use Proxy"u8,
        307 => "Temporary Redirect"u8,
        308 => "Permanent Redirect"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> PhraseOfClientFault(int statusCode) => statusCode switch
    {
        400 => "Bad Request"u8,
        401 => "Unauthorized"u8,
        402 => "Payment Required"u8,
        403 => "Forbidden"u8,
        404 => "Not Found"u8,
        405 => "Method Not Allowed"u8,
        406 => "Not Acceptable"u8,
        407 => "Proxy Authentication Required"u8,
        408 => "Request Timeout"u8,
        409 => "Conflict"u8,
        410 => "Gone"u8,
        411 => "Length Required"u8,
        412 => "Precondition Failed"u8,
        413 => "Content Too Large"u8,
        414 => "URI Too Long"u8,
        415 => "Unsupported Media Type"u8,
        416 => "Range Not Satisfiable"u8,
        417 => "Expectation Failed"u8,
        421 => "Misdirected Request"u8,
        422 => "Unprocessable Content"u8,
        423 => "Locked"u8,
        424 => "Failed Dependency"u8,
        425 => "Too Early"u8,
        426 => "Upgrade Required"u8,
        428 => "Precondition Required"u8,
        429 => "Too Many Requests"u8,
        431 => "Request Header Fields Too Large"u8,
        451 => "Unavailable For Legal Reasons"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> PhraseOfServerFault(int statusCode) => statusCode switch
    {
        500 => "Internal Server Error"u8,
        501 => "Not Implemented"u8,
        502 => "Bad Gateway"u8,
        503 => "Service Unavailable"u8,
        504 => "Gateway Timeout"u8,
        505 => "HTTP Version Not Supported"u8,
        506 => "Variant Also Negotiates"u8,
        507 => "Insufficient Storage"u8,
        508 => "Loop Detected"u8,
        511 => "Network Authentication Required"u8,
        _ => default,
    };
}
