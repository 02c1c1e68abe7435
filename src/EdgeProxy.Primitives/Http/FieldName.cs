using System;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// A field name from the configuration, compiled for comparison (RFC 9110 section 5.1: a token, no case).
/// </summary>
internal sealed class FieldName : IEquatable<FieldName>
{
    /// <summary>Longest name accepted.</summary>
    public const int BytesMax = 128;

    private readonly byte[] _written;
    private readonly byte[] _lower;

    private FieldName(string text)
    {
        _written = Encoding.ASCII.GetBytes(text);
        _lower = Encoding.ASCII.GetBytes(text.ToLowerInvariant());
        Known = KnownHeaders.Find(_written, out FieldTraits traits);
        if ((traits & FieldTraits.Alias) != 0)
        {
            Known = KnownHeader.Unknown;
        }
    }

    /// <summary>As its author wrote it.</summary>
    public ReadOnlySpan<byte> Written => _written;

    /// <summary>The header it is, if it is one the proxy recognises.</summary>
    public KnownHeader Known { get; }

    /// <summary>False if <paramref name="text"/> is not a token of 1 to <see cref="BytesMax"/> bytes.</summary>
    public static bool TryCreate(string text, [NotNullWhen(true)] out FieldName? name)
    {
        name = null;
        if (text.Length is 0 or > BytesMax)
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c))
            {
                return false;
            }
        }

        name = new FieldName(text);
        return true;
    }

    /// <summary>A name of our own; it MUST be a token.</summary>
    public static FieldName Of(string text) =>
        TryCreate(text, out FieldName? name) ? name : throw new ArgumentException("not a field name", nameof(text));

    /// <summary>The same name, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(name, _lower);

    /// <summary>
    /// The same name in any spelling that a CGI-like server takes for it: any case, and '_' or '.' where this has '-'
    /// (Traefik CVE-2026-39858). What may forge a header we assert is found by this.
    /// </summary>
    public bool IsMeantBy(ReadOnlySpan<byte> name)
    {
        if (name.Length != _lower.Length)
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            if (Fold(name[i]) != Fold(_lower[i]))
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(FieldName? other) => other is not null && _lower.AsSpan().SequenceEqual(other._lower);

    public override bool Equals(object? obj) => Equals(obj as FieldName);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_lower);
        return hash.ToHashCode();
    }

    public override string ToString() => Encoding.ASCII.GetString(_written);

    private static byte Fold(byte value) => value switch
    {
        (byte)'_' or (byte)'.' => (byte)'-',
        >= (byte)'A' and <= (byte)'Z' => (byte)(value | 0x20),
        _ => value,
    };
}
