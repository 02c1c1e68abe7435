using System;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Keys;

/// <summary>A PEM file that was read.</summary>
internal sealed record PemText(string File, string Text, TomlNode Node);

/// <summary>A PEM file, named relative to the folder of the configuration; a change of it is a reload.</summary>
internal sealed class PemFileKey(string name, bool isSecret, string doc) : Key<PemText?>(name, doc)
{
    private const int PathCharsMax = 4096; // PATH_MAX

    public override string TypeText => "file";

    public override string Accepts => "write " + Range;

    public override string Range => isSecret ? "a PEM file that others cannot read" : "a PEM file";

    /// <summary>The certificates in it are good; else reported.</summary>
    public PemText? ReadCertificates(TableScope scope)
    {
        PemText? pem = Read(scope);
        if (pem is null || OpenSsl.Problem is not null)
        {
            return pem;
        }

        PemFile.Free(PemFile.Certificates(pem.Text, TlsLimits.CertificatesMax, out string problem));
        if (problem.Length > 0)
        {
            scope.Report(pem.Node, Name, $"{pem.Node.Describe()} {problem}");
            return null;
        }

        return pem;
    }

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out PemText? value)
    {
        value = null;
        if (!TryText(node, scope, out string? file))
        {
            return false;
        }

        if (file.Length is 0 or > PathCharsMax)
        {
            return Refuse(node, scope, "is not a file name");
        }

        if (!scope.Files.TryRead(file, TlsLimits.PemBytesMax, out string? text, out string? why, isSecret))
        {
            return RefuseText(node, file, scope, why);
        }

        value = new PemText(file, text, node);
        return true;
    }
}

/// <summary>A name or an address of a server.</summary>
internal sealed class HostTextKey(string name, string doc) : Key<string?>(name, doc)
{
    public override string TypeText => "host";

    public override string Accepts => "write " + Range;

    public override string Range => "\"api.example.com\" or an address";

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        value = value.ToLowerInvariant();
        return ServerUrl.IsHost(value) || RefuseText(node, value, scope, "names no host");
    }
}

/// <summary>Public keys, by their SHA-256 in base64.</summary>
internal sealed class PinListKey(string name, string doc) : ListKey<Digest256>(name, doc)
{
    public override string TypeText => "list of pins";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"sha256/BASE64\"], as curl --pinnedpubkey wants it, with one slash";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out Digest256 item)
    {
        const string Prefix = "sha256/";
        item = default;
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..], hash, out int length) && length == hash.Length
            && Digest256.TryParse(Convert.ToHexStringLower(hash), out item)
                ? null
                : "is not a pin";
    }
}

/// <summary>What the tables of both sides have in common.</summary>
internal static class TlsKeys
{
    public static ChoiceKey VersionMin() => new("min_version", ["1.2", "1.3"], "The oldest version that is spoken.")
    {
        Default = "1.2",
        DefaultToml = "\"1.2\"",
    };

    public static int VersionOf(string text) => text == "1.3" ? LibSsl.Version13 : LibSsl.Version12;

    /// <summary>A certificate and the key that fits it; null, reported, if they do not.</summary>
    public static CertificateSettings? Pair(TableScope scope, PemFileKey certificate, PemFileKey key)
    {
        PemText? certificatePem = certificate.Read(scope);
        PemText? keyPem = key.Read(scope);
        if (certificatePem is null || keyPem is null || OpenSsl.Problem is not null)
        {
            return null;
        }

        using TlsCertificate? read = TlsCertificate.Read(
            certificatePem.Text, keyPem.Text, out string problem, out bool isKeyAtFault);
        if (read is null)
        {
            PemText faulty = isKeyAtFault ? keyPem : certificatePem;
            scope.Report(faulty.Node, (isKeyAtFault ? key : certificate).Name, $"{faulty.Node.Describe()} {problem}");
            return null;
        }

        return new CertificateSettings(certificatePem.File, certificatePem.Text, keyPem.Text);
    }
}
