using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Asks the auth server. Any thread; a failure of any kind is null.</summary>
internal sealed class AuthServer(ForwardAuthSettings settings)
{
    private static readonly FieldName CacheControl = FieldName.Of("Cache-Control");
    private static readonly FieldName ContentType = FieldName.Of("Content-Type");
    private static readonly FieldName SetCookie = FieldName.Of("Set-Cookie");

    private readonly HttpMessageInvoker _http = OutboundHttp.Create(settings.CaPem, settings.Timeout);

    // What one client authenticated is asked nothing for another (ADR-0153).
    private readonly Lazy<HttpMessageInvoker> _once =
        new(() => OutboundHttp.Create(settings.CaPem, settings.Timeout, keepsConnections: false));
    private readonly Dictionary<string, Consumer> _byUser = ConsumersByUser.Of(settings.Consumers);

    public async Task<AuthDecision?> AskAsync(AuthQuestion question)
    {
        using var deadline = new CancellationTokenSource(settings.Timeout);
        using HttpRequestMessage request = question.ToRequest(settings.Address);
        HttpMessageInvoker http = question.IsOfConnection ? _once.Value : _http;
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, deadline.Token).ConfigureAwait(false);
            return (int)response.StatusCode switch
            {
                >= 200 and < 300 => Allow(response),
                >= 300 and < 500 => await RefuseAsync(response, deadline.Token).ConfigureAwait(false),
                _ => null,
            };
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private AuthDecision? Allow(HttpResponseMessage response)
    {
        var fields = new (FieldName, byte[])[settings.ResponseHeaders.Count];
        for (int i = 0; i < fields.Length; i++)
        {
            FieldName name = settings.ResponseHeaders[i];
            fields[i] = (name, Encoding.Latin1.GetBytes(ValueOf(response, name)));
            if (FieldValue.HasControl(fields[i].Item2))
            {
                return null;
            }
        }

        string user = settings.UserHeader is { } header ? ValueOf(response, header) : "";
        return new AuthDecision(
            null, fields, CookiesOf(response), _byUser.GetValueOrDefault(user),
            !ValueOf(response, CacheControl).Contains("no-store", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<AuthDecision?> RefuseAsync(HttpResponseMessage response, CancellationToken stop)
    {
        byte[] room = new byte[ForwardAuthSettings.AnswerBytesMax + 1];
        Stream body = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        int length = await body.ReadAtLeastAsync(room, room.Length, false, stop).ConfigureAwait(false);
        if (length == room.Length)
        {
            return null;
        }

        var fields = new List<(FieldName, byte[])>();
        foreach (FieldName name in settings.AnswerHeaders)
        {
            foreach (string value in ValuesOf(response, name))
            {
                fields.Add((name, Encoding.Latin1.GetBytes(value)));
                if (FieldValue.HasControl(fields[^1].Item2))
                {
                    return null;
                }
            }
        }

        // What is a media type to others may have bytes that no field has (RFC 9110 section 5.5).
        string type = response.Content.Headers.ContentType is null ? "" : ValueOf(response, ContentType);
        if (FieldValue.HasControl(Encoding.Latin1.GetBytes(type)))
        {
            return null;
        }

        var answer = new LocalAnswer(
            (int)response.StatusCode, type.Length > 0 ? type : "text/plain", room.AsMemory(0, length));
        return new AuthDecision(answer, [.. fields], [], null, false);
    }

    private byte[][] CookiesOf(HttpResponseMessage response)
    {
        if (settings.Cookies.Count == 0)
        {
            return [];
        }

        var cookies = new List<byte[]>();
        foreach (string cookie in ValuesOf(response, SetCookie))
        {
            int equals = cookie.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && IsPassed(cookie.AsSpan(0, equals).Trim()))
            {
                cookies.Add(Encoding.Latin1.GetBytes(cookie));
            }
        }

        return [.. cookies];
    }

    private bool IsPassed(ReadOnlySpan<char> cookie)
    {
        foreach (string name in settings.Cookies)
        {
            if (cookie.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    // RFC 9110 section 5.3: several lines are one list.
    private static string ValueOf(HttpResponseMessage response, FieldName name) =>
        string.Join(", ", ValuesOf(response, name));

    private static HeaderStringValues ValuesOf(HttpResponseMessage response, FieldName name) =>
        response.Headers.NonValidated.TryGetValues(name.ToString(), out HeaderStringValues values)
        || response.Content.Headers.NonValidated.TryGetValues(name.ToString(), out values)
            ? values
            : default;
}
