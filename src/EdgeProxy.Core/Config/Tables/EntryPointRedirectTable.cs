using EdgeProxy.Config.Keys;

namespace EdgeProxy.Config.Tables;

/// <summary>A redirect as read: the entrypoint is not looked up yet.</summary>
/// <param name="To">The other entrypoint's name.</param>
/// <param name="Port">As clients see it; 0 for that of the other entrypoint.</param>
/// <param name="IsPermanent">Clients may keep it.</param>
internal sealed record RedirectDocument(Placed<string> To, int Port, bool IsPermanent);

/// <summary>[entrypoints.NAME.redirect]</summary>
internal static class EntryPointRedirectTable
{
    private static readonly NameKey EntryPoint = new("entrypoint", "entrypoint",
        "The entrypoint to send clients to.")
    {
        IsRequired = true,
        ExampleToml = "\"websecure\"",
    };

    private static readonly IntegerKey Port = new("port", 0, 65_535, "",
        "Its port as clients see it, if that is another one.")
    {
        Default = 0,
        DefaultToml = "0",
        ZeroMeans = "the port of its address",
    };

    private static readonly BooleanKey Permanent = new("permanent",
        "301, and 308 for methods other than GET and HEAD, which clients keep; otherwise 302 and 307.")
    {
        Default = true,
        DefaultToml = "true",
    };

    public static TableDeclaration Declaration { get; } = new("redirect", IsNamed: false,
        "Every request here is sent to another entrypoint: same host, path and query. No router takes requests here.",
        [EntryPoint, Port, Permanent])
    {
        ExampleToml = """
            [entrypoints.web]
            address = ":80"

            [entrypoints.web.redirect]
            entrypoint = "websecure"

            [entrypoints.websecure]
            address = ":443"
            """,
    };

    /// <summary>Null if there is none, or it does not say where to.</summary>
    public static RedirectDocument? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        int port = Port.ReadValue(scope);
        bool isPermanent = Permanent.Read(scope);
        return EntryPoint.Read(scope) is { } to ? new RedirectDocument(to, port, isPermanent) : null;
    }
}
