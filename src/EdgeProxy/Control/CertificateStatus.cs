using System.Collections.Generic;
using System.Text.Json;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Control;

/// <summary>A certificate that entrypoints show, as the admin surface shows it: nothing of its key.</summary>
/// <param name="Days">Until it expires; negative once it has.</param>
internal sealed record CertificateStatus(
    string File, IReadOnlyList<string> Names, int Days, bool IsDefault, IReadOnlyList<string> EntryPoints)
{
    /// <summary>In the order of the configuration. Reads them anew: never on a loop.</summary>
    public static IReadOnlyList<CertificateStatus> Of(ProxySettings settings)
    {
        var order = new List<CertificateSettings>();
        var entryPoints = new Dictionary<CertificateSettings, List<string>>();
        foreach (EntryPointSettings entryPoint in settings.EntryPoints)
        {
            foreach (CertificateSettings certificate in
                entryPoint.Tls?.Certificates ?? Sequence<CertificateSettings>.Empty)
            {
                if (!entryPoints.TryGetValue(certificate, out List<string>? names))
                {
                    entryPoints.Add(certificate, names = []);
                    order.Add(certificate);
                }

                names.Add(entryPoint.Name);
            }
        }

        var all = new List<CertificateStatus>(order.Count);
        foreach (CertificateSettings settingsOf in order)
        {
            using TlsCertificate? read =
                TlsCertificate.Read(settingsOf.CertificatePem, settingsOf.KeyPem, out _, out _);
            all.Add(new CertificateStatus(
                settingsOf.Name,
                read?.Names ?? [],
                read?.DaysLeft ?? 0,
                settingsOf.IsDefault,
                entryPoints[settingsOf]));
        }

        return all;
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("file", File);
        WriteNames(json, "names", Names);
        json.WriteNumber("days_left", Days);
        json.WriteBoolean("default", IsDefault);
        WriteNames(json, "entrypoints", EntryPoints);
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string key, IReadOnlyList<string> names)
    {
        json.WriteStartArray(key);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
