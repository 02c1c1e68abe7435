using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

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

    /// <summary>
    /// The service that has the body; empty: none is asked. <see cref="Body"/> is for when it does not help.
    /// </summary>
    public string Service { get; init; } = "";

    /// <summary>What it is asked for, with <see cref="ErrorPages.Placeholder"/> for the status.</summary>
    public string Path { get; init; } = PathDefault;

    public const string PathDefault = "/" + ErrorPages.Placeholder;
}

/// <summary>
/// <c>errors</c>: an answer with one of the statuses, the server's or the proxy's own, keeps its status and gets
/// another body: one of the configuration, or one that a service has, which is told nothing of the request. Of the
/// server's fields only those stay that say what to do about the status. Steps of a handshake stay as they are
/// (ADR-0153).
/// </summary>
internal sealed class Errors : Middleware
{
    // By status; null for those that stay.
    private readonly LocalAnswer?[] _answers = new LocalAnswer?[StatusRange.Max + 1];
    private readonly ErrorPages? _pages;

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

        _pages = settings.Service.Length > 0 ? new ErrorPages(settings.Service, settings.Path, _answers) : null;
    }

    public override Verdict OnRequest(Exchange exchange)
    {
        // The nearest to the server is asked; those before it may still replace what it has.
        exchange.ErrorPages = _pages ?? exchange.ErrorPages;
        return Verdict.Next;
    }

    public override void OnResponse(Exchange exchange)
    {
        if (_pages is not null && exchange.Call is { PagePath.IsEmpty: false })
        {
            return; // what passes is its page
        }

        if ((uint)exchange.Status >= (uint)_answers.Length || _answers[exchange.Status] is not { } answer
            || ConnectionBinding.IsStep(exchange))
        {
            return;
        }

        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        if (!head.IsEmpty)
        {
            // Another such middleware, nearer to the server, kept them already.
            if (exchange.LocalAnswer is null)
            {
                ErrorPages.KeepFields(exchange, head);
            }
        }
        else if (exchange.LocalAnswer is { Allow.Length: > 0 } own)
        {
            answer = answer with { Allow = own.Allow };
        }

        exchange.LocalAnswer = answer;
    }
}
