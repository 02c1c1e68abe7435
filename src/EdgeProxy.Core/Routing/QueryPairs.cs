using System;
using System.Buffers;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Routing;

/// <summary>
/// Walks "a=1&amp;b=2" without copying it (WHATWG URL, "application/x-www-form-urlencoded parsing"). As in Go, which
/// Traefik uses, a pair with ';' or a broken percent escape is skipped: servers differ about what it means, so no rule
/// may rely on it.
/// </summary>
internal ref struct QueryPairs
{
    private ReadOnlySpan<byte> _rest;

    public QueryPairs(ReadOnlySpan<byte> query)
    {
        _rest = query;
    }

    /// <summary>Still encoded.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>Still encoded; empty if there is no '='.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf((byte)'&');
            ReadOnlySpan<byte> pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (pair.IsEmpty || pair.Contains((byte)';') || !IsWellFormed(pair))
            {
                continue;
            }

            int equals = pair.IndexOf((byte)'=');
            Key = equals < 0 ? pair : pair[..equals];
            Value = equals < 0 ? [] : pair[(equals + 1)..];
            return true;
        }

        return false;
    }

    /// <summary>
    /// Whether <paramref name="encoded"/> decodes to exactly <paramref name="text"/>; the escapes are well formed.
    /// </summary>
    public static bool Is(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> text)
    {
        int at = 0;
        int read = 0;
        while (read < encoded.Length)
        {
            if (at == text.Length || DecodeOne(encoded, ref read) != text[at++])
            {
                return false;
            }
        }

        return at == text.Length;
    }

    public static bool IsMatch(ReadOnlySpan<byte> encoded, UserPattern pattern)
    {
        if (!encoded.ContainsAny((byte)'%', (byte)'+'))
        {
            return pattern.IsMatch(encoded);
        }

        byte[]? rented = null;
        Span<byte> decoded = encoded.Length <= RuleLimits.StackCharsMax
            ? stackalloc byte[RuleLimits.StackCharsMax]
            : (rented = ArrayPool<byte>.Shared.Rent(encoded.Length));
        int length = 0;
        int read = 0;
        while (read < encoded.Length)
        {
            decoded[length++] = DecodeOne(encoded, ref read);
        }

        bool matches = pattern.IsMatch(decoded[..length]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return matches;
    }

    private static byte DecodeOne(ReadOnlySpan<byte> encoded, ref int read)
    {
        byte next = encoded[read++];
        if (next == '+')
        {
            return (byte)' ';
        }

        if (next != '%')
        {
            return next;
        }

        int value = (Hex(encoded[read]) << 4) | Hex(encoded[read + 1]);
        read += 2;
        return (byte)value;
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> pair)
    {
        for (int i = pair.IndexOf((byte)'%'); i >= 0 && i < pair.Length; i++)
        {
            if (pair[i] == '%' && (i + 2 >= pair.Length || Hex(pair[i + 1]) < 0 || Hex(pair[i + 2]) < 0))
            {
                return false;
            }
        }

        return true;
    }

    private static int Hex(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
