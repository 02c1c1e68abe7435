using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// What the auth server is told of a request, in the field names that auth servers for Traefik and nginx know. The
/// path is the canonical one and fields are those the server would see: what is judged is what is then served.
/// </summary>
internal sealed class AuthQuestion
{
    private readonly List<(string Name, string Value)> _fields = [];
    private byte[]? _body;
    private string? _bodyType;

    /// <summary>It has credentials that authenticate the connection they are sent on.</summary>
    public bool IsOfConnection { get; private init; }

    /// <summary>Copies what is told out of the exchange; called on its loop.</summary>
    public static AuthQuestion Of(Exchange exchange, ForwardAuthSettings settings)
    {
        var question = new AuthQuestion { IsOfConnection = ConnectionBinding.HasCredentials(exchange) };
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        question.Add("X-Forwarded-Method", exchange.Request.MethodText.Of(head));
        question.Add("X-Forwarded-Proto", ProtoOf(exchange));
        question.Add("X-Forwarded-Host", exchange.Request.Authority.Of(head));
        string query = exchange.HasQuery ? "?" + Encoding.Latin1.GetString(exchange.Query) : "";
        question._fields.Add(("X-Forwarded-Uri", Encoding.Latin1.GetString(exchange.Path) + query));
        question._fields.Add(("X-Forwarded-For", SourceAddress.Of(exchange, settings.Depth).ToString()));
        foreach (FieldName name in settings.RequestHeaders)
        {
            var values = new FieldValues(exchange, name);
            while (values.Next())
            {
                question.Add(name.ToString(), values.Current);
            }
        }

        if (settings.BodyBytesMax > 0 && exchange.Request.Framing != BodyFraming.None)
        {
            question._body = WholeRequest.Copy(exchange);
            question._bodyType = exchange.Request.TryFind("content-type"u8, head, out ReadOnlySpan<byte> type)
                ? Encoding.Latin1.GetString(type)
                : null;
        }

        return question;
    }

    /// <summary>Two requests with the same digest get the same answer. No allocation.</summary>
    public static Digest256 DigestOf(Exchange exchange, ForwardAuthSettings settings, ReadOnlySpan<byte> salt)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        var hash = new Sha256();
        hash.Append(salt);
        Append(ref hash, ProtoOf(exchange));
        Append(ref hash, exchange.Request.Authority.Of(head));
        if (!settings.CachesByCredential)
        {
            Append(ref hash, exchange.Request.MethodText.Of(head));
            Append(ref hash, exchange.Path);
            Append(ref hash, exchange.Query);
            hash.Append(exchange.HasQuery ? "?"u8 : "-"u8);
        }

        Span<byte> address = stackalloc byte[IpAddress.TextBytesMax];
        SourceAddress.Of(exchange, settings.Depth).TryFormat(address, out int length);
        Append(ref hash, address[..length]);
        for (int i = 0; i < settings.RequestHeaders.Count; i++)
        {
            var values = new FieldValues(exchange, settings.RequestHeaders[i]);
            while (values.Next())
            {
                Append(ref hash, values.Current);
            }

            hash.Append("\n"u8); // which no value has
        }

        if (settings.BodyBytesMax > 0 && exchange.Request.Framing != BodyFraming.None)
        {
            WholeRequest.Hash(exchange, ref hash);
        }

        return Digest256.End(ref hash);
    }

    public HttpRequestMessage ToRequest(Uri address)
    {
        var request = new HttpRequestMessage(_body is null ? HttpMethod.Get : HttpMethod.Post, address);
        if (_body is not null)
        {
            request.Content = new ByteArrayContent(_body);
            if (_bodyType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", _bodyType);
            }
        }

        foreach ((string name, string value) in _fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static ReadOnlySpan<byte> ProtoOf(Exchange exchange) => exchange.IsHttps ? "https"u8 : "http"u8;

    private static void Append(ref Sha256 hash, ReadOnlySpan<byte> part)
    {
        hash.Append(part);
        hash.Append("\r\n"u8); // which no part has
    }

    private void Add(string name, ReadOnlySpan<byte> value) =>
        _fields.Add((name, Encoding.Latin1.GetString(value)));

    /// <summary>The values of a field as they stand now, with what middlewares changed.</summary>
    private ref struct FieldValues(Exchange exchange, FieldName name)
    {
        private int _field;
        private int _added;
        private ReadOnlySpan<byte> _current;

        public readonly ReadOnlySpan<byte> Current => _current;

        public bool Next()
        {
            ReadOnlySpan<byte> head = exchange.ClientSource.Head;
            ReadOnlySpan<HeaderField> fields = exchange.Request.Fields;
            while (_field < fields.Length)
            {
                ref readonly HeaderField field = ref fields[_field++];
                if (name.Is(field.Name.Of(head)) && !exchange.RequestEdits.Drops(field.Name.Of(head))
                    && (field.Traits & FieldTraits.ListedInConnection) == 0)
                {
                    _current = field.Value.Of(head);
                    return true;
                }
            }

            int at = _added;
            bool isFound = exchange.RequestEdits.TryNextAdded(name, ref at, out _current);
            _added = at;
            return isFound;
        }
    }
}
