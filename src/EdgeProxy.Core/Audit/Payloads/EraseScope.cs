using System;
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

/// <summary>What one erasure is about: payloads of a consumer, or that of one exchange.</summary>
/// <param name="RequestId">"" or the id of the exchange, whose record has that lane and number.</param>
internal readonly record struct EraseScope(string Consumer, string RequestId = "", ulong Lane = 0, ulong Number = 0)
{
    public bool IsOfExchange => RequestId.Length > 0;

    /// <summary>For people.</summary>
    public string Whose => IsOfExchange ? $"request {RequestId}" : Consumer.Length == 0 ? "nobody known" : Consumer;

    /// <summary>An exchange's payload is one of those.</summary>
    public bool Covers(ulong lane, ulong number, string consumer, bool isBefore) =>
        IsOfExchange ? (lane, number) == (Lane, Number) : isBefore && consumer == Consumer;
}
