using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.errors]</summary>
internal static class ErrorsTable
{
    private static readonly ErrorStatusListKey Status = new("status", "Statuses whose body is replaced.")
    {
        IsRequired = true,
        ExampleToml = "[\"404\", \"500-599\"]",
    };

    private static readonly BodyKey Body = new("body", RespondSettings.BodyCharsMax, "What clients read instead.")
    {
        Default = "",
        DefaultToml = "\"\"",
    };

    private static readonly FieldTextKey ContentType = new("content_type", "Its Content-Type.")
    {
        Default = "text/plain; charset=utf-8",
        DefaultToml = "\"text/plain; charset=utf-8\"",
    };

    public static TableDeclaration Declaration { get; } = new("errors", IsNamed: false,
        "Gives answers with an error status, the server's and the proxy's own, another body.",
        [Status, Body, ContentType])
    {
        ExampleName = "sorry",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<Placed<StatusRange>>? statuses = Status.Read(scope);
        string body = Body.Read(scope);
        string contentType = ContentType.Read(scope);
        return statuses is null
            ? null
            : new ErrorsSettings
            {
                Name = name,
                Statuses = PlacedItems.Values(statuses),
                Body = body,
                ContentType = contentType,
            };
    }
}
