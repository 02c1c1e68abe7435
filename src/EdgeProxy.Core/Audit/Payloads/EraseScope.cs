using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What somebody asks to be erased.</summary>
/// <param name="Consumer">Whose; PayloadEraser.Anonymous of nobody known.</param>
/// <param name="RequestId">Not "": of the exchanges with that id alone, whoever called and whenever.</param>
/// <param name="BeforeMs">Of earlier exchanges; in milliseconds since 1970.</param>
internal sealed record EraseAsk(string Consumer, string RequestId, long BeforeMs)
{
    /// <summary>Null if a text can be a request's id here.</summary>
    public static string? ProblemOfRequest(string id) =>
        id.Length == 0 || Encoding.UTF8.GetByteCount(id) > AuditLimits.RequestIdBytesMax
            || id.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? "is no id of a request" : null;
}

/// <summary>What one erasure is about: payloads of a consumer, or those of exchanges.</summary>
/// <param name="RequestId">"" or the id of the exchanges.</param>
/// <param name="Exchanges">Lane and number of the record of each.</param>
internal sealed record EraseScope(
    string Consumer, string RequestId = "", IReadOnlyCollection<(ulong Lane, ulong Number)>? Exchanges = null)
{
    /// <summary>Exchanges that one record names.</summary>
    public const int OfRecordMax = AuditLimits.TextBytesMax / PairBytes;

    private const int PairBytes = 2 * sizeof(ulong);

    private readonly HashSet<(ulong Lane, ulong Number)> _exchanges = [.. Exchanges ?? []];

    public bool IsOfExchanges => RequestId.Length > 0;

    /// <summary>For people.</summary>
    public string Whose => IsOfExchanges ? $"request {RequestId}" : Consumer.Length == 0 ? "nobody known" : Consumer;

    /// <summary>An exchange's payload is one of those.</summary>
    public bool Covers(ulong lane, ulong number, string consumer, bool isBefore) =>
        IsOfExchanges ? _exchanges.Contains((lane, number)) : isBefore && consumer == Consumer;

    /// <summary>As RecordField.OfExchanges has them.</summary>
    public static byte[] Write(ReadOnlySpan<(ulong Lane, ulong Number)> exchanges)
    {
        byte[] bytes = new byte[exchanges.Length * PairBytes];
        for (int i = 0; i < exchanges.Length; i++)
        {
            Span<byte> pair = bytes.AsSpan(i * PairBytes, PairBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(pair, exchanges[i].Lane);
            BinaryPrimitives.WriteUInt64LittleEndian(pair[sizeof(ulong)..], exchanges[i].Number);
        }

        return bytes;
    }

    /// <summary>Of such bytes; what is no whole pair is passed over.</summary>
    public static (ulong Lane, ulong Number)[] Read(ReadOnlySpan<byte> bytes)
    {
        var exchanges = new (ulong Lane, ulong Number)[bytes.Length / PairBytes];
        for (int i = 0; i < exchanges.Length; i++)
        {
            exchanges[i] = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * PairBytes)..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[((i * PairBytes) + sizeof(ulong))..]));
        }

        return exchanges;
    }
}
