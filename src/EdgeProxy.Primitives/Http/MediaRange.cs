using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Media types by a pattern: <c>application/json</c>, <c>text/*</c>, <c>application/*+json</c>. Parameters of a type do
/// not count, nor does case (RFC 9110 section 8.3.1).
/// </summary>
internal sealed record MediaRange
{
    private const int CharsMax = 128;

    private readonly byte[] _start;
    private readonly byte[]? _end;

    private MediaRange(string text)
    {
        Text = text;
        int star = text.IndexOf('*', StringComparison.Ordinal);
        _start = Encoding.ASCII.GetBytes(star < 0 ? text : text[..star]);
        _end = star < 0 ? null : Encoding.ASCII.GetBytes(text[(star + 1)..]);
    }

    /// <summary>In lower case.</summary>
    public string Text { get; }

    /// <summary>Null if it is no pattern of that kind.</summary>
    public static MediaRange? Parse(string text)
    {
        text = text.ToLowerInvariant();
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        bool isWhole = slash > 0 && slash < text.Length - 1 && text.Length <= CharsMax
            && text.IndexOf('*', StringComparison.Ordinal) == text.LastIndexOf('*')
            && text.AsSpan(0, slash).IndexOf('*') < 0;
        if (!isWhole)
        {
            return null;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$&-^_.+/*".Contains(c, StringComparison.Ordinal))
            {
                return null;
            }
        }

        return text.LastIndexOf('/') == slash ? new MediaRange(text) : null;
    }

    /// <param name="contentType">The value of Content-Type.</param>
    public bool Has(ReadOnlySpan<byte> contentType)
    {
        int semicolon = contentType.IndexOf((byte)';');
        ReadOnlySpan<byte> type = (semicolon < 0 ? contentType : contentType[..semicolon]).Trim(" \t"u8);
        return _end is null
            ? Ascii.EqualsIgnoreCase(type, _start)
            : type.Length >= _start.Length + _end.Length
                && Ascii.EqualsIgnoreCase(type[.._start.Length], _start)
                && Ascii.EqualsIgnoreCase(type[^_end.Length..], _end);
    }

    public bool Equals(MediaRange? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}
