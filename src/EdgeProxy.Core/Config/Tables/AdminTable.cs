using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Transport;

namespace EdgeProxy.Config.Tables;

/// <summary>[admin]</summary>
internal static class AdminTable
{
    private const int TokenCharsMin = 16;
    private const int TokenCharsMax = 4096;
    private static readonly AdminSettings Standard = new();

    private static readonly AdminAddressKey Address = new("address",
        "Where health, metrics and the API answer, or \"off\". An address that others reach needs token, and should be "
            + "one of a network that is trusted: it speaks clear text. A Unix socket is for whom unix_mode and "
            + "unix_owner let in.")
    {
        Default = new AdminAddress(Standard.Address),
        DefaultToml = $"\"{Standard.Address}\"",
    };

    private static readonly SecretKey Token = new("token", TokenCharsMin, TokenCharsMax,
        "What every request but those for health has to show, as Authorization: Bearer.")
    {
        ExampleToml = "\"sixteen characters or more\"",
    };

    private static readonly HostListKey Hosts = new("hosts",
        "Names by which the admin address is asked, besides localhost and the address itself. A request that names "
            + "another is refused: a page in somebody's browser may have led it here.")
    {
        ExampleToml = "[\"store-0042.example.com\"]",
    };

    public static TableDeclaration Declaration { get; } = new("admin", IsNamed: false,
        "Health, metrics, API.",
        [Address, UnixSocketKeys.Mode, UnixSocketKeys.Owner, Token, Hosts]);

    public static AdminSettings Parse(TableScope scope)
    {
        var settings = new AdminSettings
        {
            Address = UnixSocketKeys.WithRights(Address.Read(scope).EndPoint, scope),
            Token = Token.Read(scope),
            Hosts = PlacedItems.Values(Hosts.Read(scope)),
        };
        if (settings is { Address: { } address and not UnixEndPoint, Token: null }
            && !IPAddress.IsLoopback(address.Address) && scope.Count(Token) == 0
            && scope.TryFind(Address.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Address.Name,
                $"{entry.Value.Describe()} is not a loopback address, and needs token");
        }

        return settings;
    }

    private readonly record struct AdminAddress(IPEndPoint? EndPoint);

    private sealed class AdminAddressKey(string name, string doc) : Key<AdminAddress>(name, doc)
    {
        public override string TypeText => "address";

        public override string Accepts => "write " + Range;

        public override string Range => "\"127.0.0.1:7171\", \"unix:/run/edgeproxy/admin.sock\" or \"off\"";

        protected override bool TryParse(TomlNode node, TableScope scope, out AdminAddress value)
        {
            value = default;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (text == "off")
            {
                return true;
            }

            if (UnixEndPoint.Is(text))
            {
                value = new AdminAddress(UnixSocketKeys.Parse(text, out string? refusal));
                return refusal is null || Refuse(node, scope, refusal);
            }

            if (!AddressText.TryParseEndPoint(text, out IPEndPoint endPoint))
            {
                return Refuse(node, scope, "is not an address and port");
            }

            value = new AdminAddress(endPoint);
            return true;
        }
    }

    private sealed class HostListKey(string name, string doc) : ListKey<string>(name, doc)
    {
        public override string TypeText => "list of hosts";

        public override string Accepts => "write " + Range;

        public override string Range => "[\"store-0042.example.com\"] or addresses, without port";

        protected override string? ParseItem(string text, out string? item)
        {
            item = text.ToLowerInvariant();
            return ServerUrl.IsHost(item) ? null : "names no host";
        }
    }
}
