using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Middlewares;

/// <summary>What clients read instead of an error's own body.</summary>
internal sealed record ErrorsSettings : MiddlewareSettings
{
    /// <summary>The first error status.</summary>
    public const int StatusMin = 400;

    /// <summary>Of a file.</summary>
    public const int BodyBytesMax = 1024 * 1024;

    /// <summary>Within 400 to 599.</summary>
    public required Sequence<StatusRange> Statuses { get; init; }

    public string Body { get; init; } = "";

    public string ContentType { get; init; } = "text/plain; charset=utf-8";
}

/// <summary>
/// <c>errors</c>: an answer with one of the statuses, the server's or the proxy's own, keeps its status and gets
/// another body. No further service is asked, so nothing of the request goes anywhere (Traefik CVE-2026-41181). Of the
/// server's fields only those stay that say what to do about the status.
/// </summary>
internal sealed class Errors : Middleware
{
    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");
    private static readonly FieldName[] Kept = [FieldName.Of("WWW-Authenticate"), FieldName.Of("Allow"), RetryAfter];

    // By status; null for those that stay.
    private readonly LocalAnswer?[] _answers = new LocalAnswer?[StatusRange.Max + 1];

    public Errors(ErrorsSettings settings)
    {
        byte[] body = Encoding.UTF8.GetBytes(settings.Body);
        foreach (StatusRange range in settings.Statuses)
        {
            for (int status = range.First; status <= range.Last; status++)
            {
                _answers[status] = new LocalAnswer(status, settings.ContentType, body);
            }
        }
    }

    public override Verdict OnRequest(Exchange exchange) => Verdict.Next;

    public override void OnResponse(Exchange exchange)
    {
        if ((uint)exchange.Status >= (uint)_answers.Length || _answers[exchange.Status] is not { } answer)
        {
            return;
        }

        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        if (!head.IsEmpty)
        {
            // Another such middleware, nearer to the server, kept them already.
            if (exchange.LocalAnswer is null)
            {
                KeepFields(exchange, head);
            }
        }
        else if (exchange.LocalAnswer is { Allow.Length: > 0 } own)
        {
            answer = answer with { Allow = own.Allow };
        }

        exchange.LocalAnswer = answer;
    }

    private static void Keep(HeaderEdits edits, FieldName name, ReadOnlySpan<byte> value)
    {
        if (ReferenceEquals(name, RetryAfter))
        {
            edits.Remove(name); // an answer of our own says when, too
        }

        edits.Append(name, value);
    }

    private static void KeepFields(Exchange exchange, ReadOnlySpan<byte> head)
    {
        foreach (ref readonly HeaderField field in exchange.Response.Fields)
        {
            foreach (FieldName name in Kept)
            {
                if (name.Is(field.Name.Of(head)))
                {
                    Keep(exchange.ResponseEdits, name, field.Value.Of(head));
                }
            }
        }
    }
}
