using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.redirect_scheme]</summary>
internal static class RedirectSchemeTable
{
    private static readonly ChoiceKey Scheme = new("scheme", ["https", "http"], "Where to.")
    {
        Default = "https",
        DefaultToml = "\"https\"",
    };

    private static readonly IntegerKey Port = new("port", 0, 65535, "", "Port in the new address.")
    {
        ZeroMeans = "the scheme's own",
        Default = 0,
        DefaultToml = "0",
    };

    private static readonly BooleanKey Permanent = new("permanent", "301 and 308, which clients keep.")
    {
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("redirect_scheme", IsNamed: false,
        "Sends clients of the other scheme to this one, with 301 or 302 for GET and HEAD and with 308 or 307 for other "
            + "methods. A trusted proxy in front says the client's scheme by X-Forwarded-Proto.",
        [Scheme, Port, Permanent])
    {
        ExampleName = "secure",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope) => new RedirectSchemeSettings
    {
        Name = name,
        IsHttps = Scheme.Read(scope) == "https",
        Port = Port.ReadValue(scope),
        IsPermanent = Permanent.Read(scope),
    };
}
