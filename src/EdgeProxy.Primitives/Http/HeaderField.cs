using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>What the reader noticed about one field line.</summary>
[Flags]
internal enum FieldTraits : byte
{
    None = 0,

    /// <summary>
    /// The name equals <see cref="HeaderField.Known"/> only after '_' and '.' are read as '-': a spelling that CGI-like
    /// servers take for the real one (Traefik GHSA X.Authenticated.User, CVE-2026-39858).
    /// </summary>
    Alias = 1,

    /// <summary>
    /// Hop-by-hop by definition: Connection, Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade,
    /// HTTP2-Settings.
    /// </summary>
    HopByHop = 2,

    /// <summary>Named by a Connection option of the same message (RFC 9110 section 7.6.1).</summary>
    ListedInConnection = 4,
}

/// <summary>One field line of a head, as offsets into the head's bytes.</summary>
/// <param name="Name">The name, no colon.</param>
/// <param name="Value">The value without surrounding whitespace; may be empty.</param>
/// <param name="LineEnd">Offset just after the line's CRLF, so that whole lines can be copied as one range.</param>
internal readonly record struct HeaderField(
    ByteRange Name, ByteRange Value, int LineEnd, KnownHeader Known, FieldTraits Traits);
