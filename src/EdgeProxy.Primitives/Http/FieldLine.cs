using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads one field line of a head or of a trailer section (RFC 9112 section 5).</summary>
internal static class FieldLine
{
    // SP or HTAB: of what is at or below SP, LineEnd lets only these two pass.
    private const byte Blank = (byte)' ';

    /// <summary>
    /// Reads the line from <paramref name="start"/> to <paramref name="stop"/>, the CR that <see cref="LineEnd.Find"/>
    /// found (so its bytes are known to be none that a value may not hold).
    /// </summary>
    public static RejectReason Read(ReadOnlySpan<byte> input, int start, int stop, out HeaderField field)
    {
        // field-line = field-name ":" OWS field-value OWS
        ReadOnlySpan<byte> line = input[start..stop];

        // Looked for past the line's end, so that short lines are read as vectors too; the CR stops it at the latest.
        int nameLength = AsciiSet.Token.LengthAt(input[start..]);
        if ((uint)nameLength >= (uint)line.Length || line[nameLength] != (byte)':' || nameLength == 0)
        {
            field = default;
            return NameFault(line, nameLength);
        }

        KnownHeader known = KnownHeaders.Find(line[..nameLength], out FieldTraits traits);
        int valueStart = nameLength + 1;
        while (valueStart < line.Length && line[valueStart] <= Blank)
        {
            valueStart++;
        }

        int valueEnd = line.Length;
        while (valueEnd > valueStart && line[valueEnd - 1] <= Blank)
        {
            valueEnd--;
        }

        field = new HeaderField(
            new ByteRange(start, nameLength),
            new ByteRange(start + valueStart, valueEnd - valueStart),
            stop + LineEnd.Bytes,
            known,
            traits);
        return RejectReason.None;
    }

    private static RejectReason NameFault(ReadOnlySpan<byte> line, int nameLength)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            return RejectReason.ObsoleteFold;
        }

        if (nameLength == line.Length)
        {
            return RejectReason.ColonMissing;
        }

        if (line[0] == (byte)':')
        {
            return RejectReason.FieldNameEmpty;
        }

        ReadOnlySpan<byte> rest = line[nameLength..].TrimStart(" \t"u8);
        bool spaced = rest.Length < line.Length - nameLength;
        return spaced && rest.StartsWith(":"u8) ? RejectReason.WhitespaceBeforeColon : RejectReason.FieldNameInvalid;
    }
}
