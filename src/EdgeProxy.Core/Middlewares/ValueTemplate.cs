using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Middlewares;

/// <summary>
/// A field value with facts of the exchange in braces: <c>{client_ip}</c>, <c>{host}</c>, <c>{method}</c>,
/// <c>{path}</c>, <c>{router}</c>, <c>{request_id}</c>, <c>{consumer}</c>, and of the client's certificate if it
/// verified: <c>{client_cert_subject}</c>, <c>{client_cert_issuer}</c>, <c>{client_cert_serial}</c>,
/// <c>{client_cert_sha256}</c>. A brace itself is written twice.
/// </summary>
internal sealed class ValueTemplate : IEquatable<ValueTemplate>
{
    /// <summary>Longest value as written.</summary>
    public const int CharsMax = 4096;

    /// <summary>Longest value with its facts filled in; a longer one is not added.</summary>
    public const int BytesMax = 8192;

    /// <summary>Facts a value may name.</summary>
    public static IReadOnlyList<string> Facts { get; } =
    [
        "client_ip", "host", "method", "path", "router", "request_id", "consumer", "client_cert_subject",
        "client_cert_issuer", "client_cert_serial", "client_cert_sha256",
    ];

    private readonly string _text;
    private readonly Piece[] _pieces;

    private ValueTemplate(string text, Piece[] pieces)
    {
        _text = text;
        _pieces = pieces;
    }

    /// <summary>
    /// Null and why, if a fact is unknown, a brace stands alone, or a byte is none that a value may hold.
    /// </summary>
    public static ValueTemplate? Parse(string text, out string problem)
    {
        problem = text.Length > CharsMax ? $"is longer than {CharsMax} characters" : "";
        foreach (char c in text)
        {
            if (c is (< ' ' and not '\t') or '\x7f' or > '\xff')
            {
                problem = "has a character that no field may hold";
            }
        }

        var pieces = new List<Piece>();
        var plain = new StringBuilder();
        for (int at = 0; at < text.Length && problem.Length == 0; at++)
        {
            bool isDoubled = at + 1 < text.Length && text[at + 1] == text[at];
            if (text[at] is not ('{' or '}') || isDoubled)
            {
                plain.Append(text[at]);
                at += text[at] is '{' or '}' ? 1 : 0;
            }
            else
            {
                problem = text[at] == '}' ? "has a '}' without '{'; write '}}' for the brace itself"
                    : ReadFact(text, ref at, pieces, plain);
            }
        }

        AddPlain(pieces, plain);
        return problem.Length == 0 ? new ValueTemplate(text, [.. pieces]) : null;
    }

    /// <summary>Whether {path} is in it.</summary>
    public bool NamesPath => Array.Exists(_pieces, static piece => piece is { Plain: null, Fact: Fact.Path });

    /// <summary>Adds a line with the value; a fact the exchange does not have is empty.</summary>
    [SkipLocalsInit]
    public void AppendTo(HeaderEdits edits, FieldName name, Exchange exchange)
    {
        if (_pieces is [{ Plain: { } only }])
        {
            edits.Append(name, only);
            return;
        }

        Span<byte> room = stackalloc byte[BytesMax];
        int length = 0;
        foreach (Piece piece in _pieces)
        {
            if (!piece.TryWrite(exchange, room[length..], out int written))
            {
                return;
            }

            length += written;
        }

        edits.Append(name, room[..length]);
    }

    public bool Equals(ValueTemplate? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as ValueTemplate);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    private static string ReadFact(string text, ref int at, List<Piece> pieces, StringBuilder plain)
    {
        int end = text.IndexOf('}', at);
        if (end < 0)
        {
            return "has a '{' without '}'; write '{{' for the brace itself";
        }

        string fact = text[(at + 1)..end];
        int number = -1;
        for (int i = 0; i < Facts.Count; i++)
        {
            number = Facts[i] == fact ? i : number;
        }

        if (number < 0)
        {
            return $"names '{{{fact}}}', which is none of {{{string.Join("}, {", Facts)}}}";
        }

        AddPlain(pieces, plain);
        pieces.Add(new Piece(null, (Fact)number));
        at = end;
        return "";
    }

    private static void AddPlain(List<Piece> pieces, StringBuilder plain)
    {
        if (plain.Length > 0)
        {
            pieces.Add(new Piece(Encoding.Latin1.GetBytes(plain.ToString()), default));
            plain.Clear();
        }
    }

    // In the order of Facts.
    private enum Fact : byte
    {
        ClientIp,
        Host,
        Method,
        Path,
        Router,
        RequestId,
        Consumer,
        CertificateSubject,
        CertificateIssuer,
        CertificateSerial,
        CertificateSha256,
    }

    private readonly record struct Piece(byte[]? Plain, Fact Fact)
    {
        public bool TryWrite(Exchange exchange, Span<byte> room, out int written)
        {
            switch (Fact)
            {
                case Fact.ClientIp when Plain is null:
                    written = 0;
                    return room.Length >= IpAddress.TextBytesMax
                        && exchange.ClientLink.RemoteAddress.TryFormat(room, out written);
                case Fact.Router or >= Fact.CertificateSubject when Plain is null:
                    return Encoding.ASCII.TryGetBytes(TextOf(exchange), room, out written);
                default:
                    ReadOnlySpan<byte> bytes = Plain ?? Of(exchange);
                    written = bytes.Length;
                    return bytes.TryCopyTo(room);
            }
        }

        private ReadOnlySpan<byte> Of(Exchange exchange) => Fact switch
        {
            Fact.Host => exchange.Host,
            Fact.Method => MethodOf(exchange),
            Fact.RequestId => exchange.RequestId,
            Fact.Consumer => exchange.Consumer is { } consumer ? consumer.NameBytes : default,
            _ => exchange.Path,
        };

        private string TextOf(Exchange exchange)
        {
            if (Fact == Fact.Router)
            {
                return exchange.Route!.Name;
            }

            return ClientCertificate.Of(exchange.ClientLink) is not { IsVerified: true } peer ? "" : Fact switch
            {
                Fact.CertificateSubject => peer.Subject,
                Fact.CertificateIssuer => peer.Issuer,
                Fact.CertificateSerial => peer.Serial,
                _ => peer.FingerprintText,
            };
        }

        // The head may have made room for a long body by the time of the answer; only an odd method is lost with it.
        private static ReadOnlySpan<byte> MethodOf(Exchange exchange) =>
            exchange.Request.Method == Method.Other && exchange.ClientSource.CanRewind
                ? exchange.Request.MethodText.Of(exchange.ClientSource.Head)
                : Methods.Text(exchange.Request.Method);
    }
}
