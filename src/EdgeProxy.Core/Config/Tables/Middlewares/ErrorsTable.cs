using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.errors]</summary>
internal static class ErrorsTable
{
    private const int PathCharsMax = 4096; // PATH_MAX

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

    private static readonly TextKey BodyFile = new("body_file", PathCharsMax,
        "A file of UTF-8 text with the body, relative to the folder of the configuration. A change of it is a reload.")
    {
        ExampleToml = "\"sorry.html\"",
        IsAlternative = true,
    };

    private static readonly ServiceNameKey Service = new("service",
        "A service with servers that has the body: asked by GET, without a field of the client's. If it does not "
            + "answer with 200, body is what clients read.")
    {
        ExampleToml = "\"app\"",
        IsAlternative = true,
    };

    private static readonly PagePathKey Path = new("path", "What the service is asked for; {status} is the status.")
    {
        Default = ErrorsSettings.PathDefault,
        DefaultToml = $"\"{ErrorsSettings.PathDefault}\"",
        IsAlternative = true,
    };

    private static readonly FieldTextKey ContentType = new("content_type", "Its Content-Type.")
    {
        Default = "text/plain; charset=utf-8",
        DefaultToml = "\"text/plain; charset=utf-8\"",
    };

    public static TableDeclaration Declaration { get; } = new("errors", IsNamed: false,
        "Gives answers with an error status, the server's and the proxy's own, another body.",
        [Status, Body, BodyFile, ContentType, Service, Path])
    {
        ExampleName = "sorry",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<Placed<StatusRange>>? statuses = Status.Read(scope);
        string body = Body.Read(scope);
        string? file = BodyFile.Read(scope);
        if (file is not null && scope.TryFind(BodyFile.Name, out TomlEntry entry))
        {
            if (scope.TryFind(Body.Name, out _))
            {
                scope.Report(entry.Value, BodyFile.Name, $"is a second body; write it or {Body.Name}");
            }
            else if (scope.Files.TryRead(file, ErrorsSettings.BodyBytesMax, out string? text, out string? why))
            {
                body = text;
            }
            else
            {
                scope.Report(entry.Value, BodyFile.Name, $"{entry.Value.Describe()} {why}");
            }
        }

        string contentType = ContentType.Read(scope);
        Placed<string>? service = Service.Read(scope);
        string path = Path.Read(scope);
        if (service is null && path != ErrorsSettings.PathDefault && scope.TryFind(Path.Name, out TomlEntry unused))
        {
            scope.Report(unused.Value, Path.Name, $"does nothing without {Service.Name}");
        }

        if (service is not null)
        {
            scope.MentionService(Service.Name, service.Value);
        }

        return statuses is null
            ? null
            : new ErrorsSettings
            {
                Name = name,
                Statuses = PlacedItems.Values(statuses),
                Body = body,
                ContentType = contentType,
                Service = service?.Value ?? "",
                Path = path,
            };
    }
}
