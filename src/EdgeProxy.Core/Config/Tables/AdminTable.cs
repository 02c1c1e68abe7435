using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Tables;

/// <summary>[admin]</summary>
internal static class AdminTable
{
    private static readonly AdminSettings Standard = new();

    private static readonly AdminAddressKey Address = new("address",
        "Where health, metrics and the API answer: a loopback address and port, or \"off\".")
    {
        Default = new AdminAddress(Standard.Address),
        DefaultToml = $"\"{Standard.Address}\"",
    };

    public static TableDeclaration Declaration { get; } = new("admin", IsNamed: false,
        "Health, metrics, API.", [Address])
    {
        Later = ["token"],
    };

    public static AdminSettings Parse(TableScope scope) => new() { Address = Address.Read(scope).EndPoint };

    private readonly record struct AdminAddress(IPEndPoint? EndPoint);

    private sealed class AdminAddressKey(string name, string doc) : Key<AdminAddress>(name, doc)
    {
        public override string TypeText => "address";

        public override string Accepts => "write " + Range;

        public override string Range => "\"127.0.0.1:7171\" or \"off\"";

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

            if (!AddressText.TryParseEndPoint(text, out IPEndPoint endPoint))
            {
                return Refuse(node, scope, "is not an address and port");
            }

            value = new AdminAddress(endPoint);
            return IPAddress.IsLoopback(endPoint.Address)
                || Refuse(node, scope, "is not a loopback address, and this version accepts no other");
        }
    }
}
