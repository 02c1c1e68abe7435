using System;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Where a request carries a credential; exactly one of the three.</summary>
/// <param name="Header">Its field.</param>
/// <param name="Scheme">What stands in front of it in the field and is no part of it; empty: nothing.</param>
/// <param name="Query">Its parameter of the query.</param>
/// <param name="Cookie">Its cookie.</param>
internal sealed record CredentialSettings(FieldName? Header, string Scheme, string Query, string Cookie)
{
    /// <summary>Longest name of a parameter or cookie in characters.</summary>
    public const int NameCharsMax = 128;

    /// <summary>Longest scheme in characters.</summary>
    public const int SchemeCharsMax = 32;
}

/// <summary>Finds a credential in a request, and takes it out of what goes to the server.</summary>
internal sealed class CredentialPlace(CredentialSettings settings)
{
    /// <summary>A longer one is no credential.</summary>
    public const int BytesMax = 8 * 1024;

    private const int StackBytes = 1024;
    private static readonly FieldName CookieField = FieldName.Of("Cookie");

    private readonly byte[] _scheme = Encoding.ASCII.GetBytes(settings.Scheme);
    private readonly byte[][] _query = settings.Query.Length > 0 ? [Encoding.UTF8.GetBytes(settings.Query)] : [];
    private readonly byte[] _cookie = Encoding.ASCII.GetBytes(settings.Cookie);

    /// <summary>
    /// False if there is none, or more than one: which of them a reader behind us would take, nobody knows. May need
    /// <paramref name="room"/> of as many bytes as it is long.
    /// </summary>
    public bool TryFind(Exchange exchange, Span<byte> room, out ReadOnlySpan<byte> credential)
    {
        if (settings.Header is { } header)
        {
            return TryFindField(exchange, header, out credential);
        }

        return _query.Length > 0
            ? TryFindParameter(exchange, room, out credential)
            : TryFindCookie(exchange, out credential);
    }

    /// <summary>The server does not see it. False: the request must be refused, its edits do not fit.</summary>
    public bool TryRemove(Exchange exchange)
    {
        if (settings.Header is { } header)
        {
            exchange.RequestEdits.Remove(header);
            return true;
        }

        return _query.Length > 0 ? TryRemoveParameter(exchange) : TryRemoveCookie(exchange);
    }

    private bool TryFindField(Exchange exchange, FieldName header, out ReadOnlySpan<byte> credential)
    {
        credential = default;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        int count = 0;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (header.Is(field.Name.Of(head)))
            {
                count++;
                credential = field.Value.Of(head);
            }
        }

        // RFC 9110 section 11.4: credentials = auth-scheme [ 1*SP token68 ], the scheme in any case.
        if (_scheme.Length > 0)
        {
            bool isOfScheme = credential.Length > _scheme.Length && credential[_scheme.Length] == (byte)' '
                && Ascii.EqualsIgnoreCase(credential[.._scheme.Length], _scheme);
            credential = isOfScheme ? credential[_scheme.Length..].TrimStart((byte)' ') : default;
        }

        return count == 1 && credential.Length is > 0 and <= BytesMax;
    }

    private bool TryFindParameter(Exchange exchange, Span<byte> room, out ReadOnlySpan<byte> credential)
    {
        credential = default;
        ReadOnlySpan<byte> query = exchange.Query;
        int count = 0;
        while (!query.IsEmpty)
        {
            int end = query.IndexOfAny((byte)'&', (byte)';');
            ReadOnlySpan<byte> parameter = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            int equals = parameter.IndexOf((byte)'=');
            if (equals >= 0 && PercentText.Is(parameter[..equals], _query[0]))
            {
                count++;
                credential = parameter[(equals + 1)..];
            }
        }

        if (count != 1 || credential.Length > room.Length)
        {
            return false;
        }

        credential = room[..PercentText.Decode(credential, room)];
        return !credential.IsEmpty;
    }

    private bool TryFindCookie(Exchange exchange, out ReadOnlySpan<byte> credential)
    {
        credential = default;
        int count = 0;
        var pairs = new CookiePairs(exchange.Request, exchange.ClientSource.Head);
        while (pairs.Next())
        {
            if (pairs.Name.SequenceEqual(_cookie))
            {
                count++;
                credential = pairs.Value;
            }
        }

        // RFC 6265 section 4.1.1: the value may stand in quotes.
        if (credential.Length >= 2 && credential[0] == (byte)'"' && credential[^1] == (byte)'"')
        {
            credential = credential[1..^1];
        }

        return count == 1 && credential.Length is > 0 and <= BytesMax;
    }

    [SkipLocalsInit]
    private bool TryRemoveParameter(Exchange exchange)
    {
        ReadOnlySpan<byte> query = exchange.Query;
        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], query.Length + 1);
        int length = QueryText.CopyWithout(query, _query, scratch.Span, out bool isChanged);
        return !isChanged || exchange.TryRewriteQuery(scratch.Span[..length]);
    }

    // The cookies that are left become one line (RFC 6265 section 5.4): of those that are there now, which another
    // middleware may have changed before.
    [SkipLocalsInit]
    private bool TryRemoveCookie(Exchange exchange)
    {
        HeaderEdits edits = exchange.RequestEdits;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        // Twice: a pair of one byte and its ';' become three with "; ".
        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], 2 * (head.Length + edits.Added.Length));
        int length = 0;
        if (!edits.Drops(CookieField.Written))
        {
            foreach (ref readonly HeaderField field in exchange.Request.Fields)
            {
                if (CookieField.Is(field.Name.Of(head)))
                {
                    AddOthers(field.Value.Of(head), scratch.Span, ref length);
                }
            }
        }

        int at = 0;
        while (edits.TryNextAdded(CookieField, ref at, out ReadOnlySpan<byte> value))
        {
            AddOthers(value, scratch.Span, ref length);
        }

        edits.Remove(CookieField);
        return length == 0 || edits.Append(CookieField, scratch.Span[..length]);
    }

    private void AddOthers(ReadOnlySpan<byte> cookies, Span<byte> room, ref int length)
    {
        while (!cookies.IsEmpty)
        {
            ReadOnlySpan<byte> pair = NextPair(ref cookies);
            if (pair.IsEmpty || IsMine(pair))
            {
                continue;
            }

            if (length > 0)
            {
                "; "u8.CopyTo(room[length..]);
                length += 2;
            }

            pair.CopyTo(room[length..]);
            length += pair.Length;
        }
    }

    private static ReadOnlySpan<byte> NextPair(scoped ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)';');
        ReadOnlySpan<byte> pair = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return pair.Trim(" \t"u8);
    }

    private bool IsMine(ReadOnlySpan<byte> pair)
    {
        int equals = pair.IndexOf((byte)'=');
        return equals >= 0 && pair[..equals].TrimEnd(" \t"u8).SequenceEqual(_cookie);
    }
}
