using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.respond]</summary>
internal static class RespondTable
{
    private static readonly IntegerKey Status = new("status", 200, 599, "", "Status of the answer.")
    {
        Default = 200,
        DefaultToml = "200",
    };

    private static readonly BodyKey Body = new("body", RespondSettings.BodyCharsMax, "Body of the answer.")
    {
        Default = "",
        DefaultToml = "\"\"",
    };

    private static readonly FieldTextKey ContentType = new("content_type", "Its Content-Type.")
    {
        Default = "text/plain; charset=utf-8",
        DefaultToml = "\"text/plain; charset=utf-8\"",
    };

    public static TableDeclaration Declaration { get; } = new("respond", IsNamed: false,
        "Answers every request itself; the router's service is not asked.",
        [Status, Body, ContentType])
    {
        ExampleName = "fixed",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope)
    {
        var settings = new RespondSettings
        {
            Name = name,
            Status = Status.ReadValue(scope),
            Body = Body.Read(scope),
            ContentType = ContentType.Read(scope),
        };
        if (settings.Status is 204 or 205 or 304 && settings.Body.Length > 0
            && scope.TryFind(Body.Name, out TomlEntry body))
        {
            scope.Report(body.Value, Body.Name, $"is not sent with status {settings.Status}; leave it out");
        }

        return settings;
    }
}
