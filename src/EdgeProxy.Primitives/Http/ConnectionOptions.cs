using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Options of Connection that mean something to the proxy itself.</summary>
[Flags]
internal enum ConnectionChoice : byte
{
    None = 0,
    Close = 1,
    KeepAlive = 2,
    Upgrade = 4,
}

/// <summary>
/// Reads the Connection fields of a complete head and marks the fields they name (RFC 9110 section 7.6.1), whether
/// those stand before or after them.
/// </summary>
internal static class ConnectionOptions
{
    /// <summary>
    /// Options that name fields, in one message. Each costs a pass over the fields: 32 x 1000 names at most.
    /// </summary>
    public const int OptionsMax = 32;

    public static RejectReason Read(ReadOnlySpan<byte> input, MessageHead head, out ConnectionChoice choice)
    {
        choice = ConnectionChoice.None;
        if (!head.Has(KnownHeader.Connection))
        {
            return RejectReason.None;
        }

        int named = 0;
        for (int i = 0; i < head.FieldCount; i++)
        {
            ref readonly HeaderField field = ref head.Fields[i];
            if (field.Known != KnownHeader.Connection || (field.Traits & FieldTraits.Alias) != 0)
            {
                continue;
            }

            // Nearly always one option of ours and nothing else.
            ReadOnlySpan<byte> value = field.Value.Of(input);
            ConnectionChoice only = Choice(value);
            if (only != ConnectionChoice.None)
            {
                choice |= only;
                continue;
            }

            var list = new TokenList(value);
            while (list.MoveNext())
            {
                ConnectionChoice option = Choice(list.Current);
                choice |= option;
                if (option != ConnectionChoice.None)
                {
                    continue;
                }

                if (!AsciiSet.Token.ContainsAll(list.Current))
                {
                    return RejectReason.ConnectionInvalid;
                }

                if (++named > OptionsMax)
                {
                    return RejectReason.ConnectionOptionsOverLimit;
                }

                Mark(input, head, list.Current);
            }
        }

        return RejectReason.None;
    }

    /// <summary>RFC 9112 section 9.3: close wins; HTTP/1.1 persists, HTTP/1.0 only when asked to.</summary>
    public static bool Persists(ConnectionChoice choice, int minorVersion) =>
        (choice & ConnectionChoice.Close) == 0 && (minorVersion == 1 || (choice & ConnectionChoice.KeepAlive) != 0);

    private static ConnectionChoice Choice(ReadOnlySpan<byte> option) => option.Length switch
    {
        5 when Ascii.EqualsIgnoreCase(option, "close"u8) => ConnectionChoice.Close,
        7 when Ascii.EqualsIgnoreCase(option, "upgrade"u8) => ConnectionChoice.Upgrade,
        10 when Ascii.EqualsIgnoreCase(option, "keep-alive"u8) => ConnectionChoice.KeepAlive,
        _ => ConnectionChoice.None,
    };

    private static void Mark(ReadOnlySpan<byte> input, MessageHead head, ReadOnlySpan<byte> option)
    {
        for (int i = 0; i < head.FieldCount; i++)
        {
            ref readonly HeaderField field = ref head.Fields[i];
            if (field.Name.Length == option.Length && !IsFraming(field)
                && Ascii.EqualsIgnoreCase(field.Name.Of(input), option))
            {
                head.Replace(i, field with { Traits = field.Traits | FieldTraits.ListedInConnection });
            }
        }
    }

    // A peer cannot talk us out of the fields that say where a message goes and where it ends.
    private static bool IsFraming(in HeaderField field) =>
        field.Known is KnownHeader.Host or KnownHeader.ContentLength or KnownHeader.TransferEncoding
        && (field.Traits & FieldTraits.Alias) == 0;
}
