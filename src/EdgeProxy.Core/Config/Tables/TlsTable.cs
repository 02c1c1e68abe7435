using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Tables;

/// <summary>[tls], with [[tls.certificates]]</summary>
internal static class TlsTable
{
    private static readonly CertificatesKey Certificates = new("certificates",
        "What entrypoints with tls show, by the name a client asks for: the exact name, else a wildcard, else the "
            + "default. Files are watched: a new certificate needs no restart.")
    {
        Default = [],
        ExampleToml = "[{ cert = \"/etc/edgeproxy/tls/shop.pem\", key = \"/etc/edgeproxy/tls/shop.key\" }]",
    };

    public static TableDeclaration Declaration { get; } = new("tls", IsNamed: false,
        "TLS towards clients. The key is read with OpenSSL 3, which has to be on the machine (libssl.so.3).",
        [Certificates])
    {
        Tables = [TlsOptionTable.Declaration],
    };

    public static string CertificatesName => Certificates.Name;

    public static Sequence<CertificateSettings> Parse(TableScope scope) => new(Certificates.Read(scope));

    /// <summary>One of certificates.</summary>
    private static class CertificateTable
    {
        private static readonly PemFileKey Certificate = new("cert", isSecret: false,
            "The certificate, then those that lead from it to a root, in that order.")
        {
            IsRequired = true,
            ExampleToml = "\"/etc/edgeproxy/tls/shop.pem\"",
        };

        private static readonly PemFileKey PrivateKey = new("key", isSecret: true,
            "Its private key, not encrypted.")
        {
            IsRequired = true,
            ExampleToml = "\"/etc/edgeproxy/tls/shop.key\"",
        };

        private static readonly BooleanKey IsDefault = new("default",
            "Answers clients that ask for no name, or for one that no certificate has. Without any: the first.")
        {
            Default = false,
            DefaultToml = "false",
        };

        public static TableDeclaration Declaration { get; } =
            new("certificates", IsNamed: false, "One certificate.", [Certificate, PrivateKey, IsDefault]);

        public static CertificateSettings? Parse(TableScope scope)
        {
            CertificateSettings? pair = TlsKeys.Pair(scope, Certificate, PrivateKey);
            bool isDefault = IsDefault.Read(scope);
            return pair is null ? null : pair with { IsDefault = isDefault };
        }
    }

    private sealed class CertificatesKey(string name, string doc) : Key<IReadOnlyList<CertificateSettings>>(name, doc)
    {
        public override string TypeText => "list of tables";

        public override string Accepts => "write " + Range;

        public override string Range => "[[tls.certificates]] with cert and key";

        public override KeyShape Shape =>
            new ListShape(new TableShape(CertificateTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<CertificateSettings>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > TlsLimits.CertificatesMax)
            {
                scope.Report(
                    node, Name, $"has {array.Items.Count} certificates; write 1 to {TlsLimits.CertificatesMax}");
                return false;
            }

            if (OpenSsl.Problem is { } problem)
            {
                scope.Report(node, Name, problem);
                return false;
            }

            var certificates = new List<CertificateSettings>(array.Items.Count);
            bool hasDefault = false;
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    Refuse(item, scope, "is not a certificate");
                }
                else if (CertificateTable.Parse(scope.Within(table, Name, CertificateTable.Declaration)) is { } pair)
                {
                    certificates.Add(pair);
                    if (hasDefault && pair.IsDefault)
                    {
                        scope.Report(item, Name, "is a second default");
                    }

                    hasDefault |= pair.IsDefault;
                }
            }

            value = certificates;
            return true;
        }
    }
}
