using System.Text;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Middlewares;

/// <summary>An answer that is always the same.</summary>
internal sealed record RespondSettings : MiddlewareSettings
{
    /// <summary>Longest body in characters.</summary>
    public const int BodyCharsMax = 64 * 1024;

    /// <summary>200 to 599.</summary>
    public int Status { get; init; } = 200;

    public string Body { get; init; } = "";

    public string ContentType { get; init; } = "text/plain; charset=utf-8";
}

/// <summary><c>respond</c>: answers every request itself; the router's service is not asked.</summary>
internal sealed class Respond(RespondSettings settings) : Middleware
{
    private readonly LocalAnswer _answer =
        new(settings.Status, settings.ContentType, Encoding.UTF8.GetBytes(settings.Body));

    public override Verdict OnRequest(Exchange exchange) => exchange.Answer(_answer);
}
