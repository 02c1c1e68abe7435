using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Telemetry.Deployments;

namespace EdgeProxy.Config.Tables;

/// <summary>[telemetry.grafana]</summary>
internal static class GrafanaTable
{
    private static readonly ApiUrlKey Url = new("url", "Where Grafana is; /api/annotations is added to the path.")
    {
        IsRequired = true,
        ExampleToml = "\"https://grafana.example.com\"",
    };

    private static readonly SecretKey Token = new("token", GrafanaSettings.TokenCharsMin,
        GrafanaSettings.TokenCharsMax,
        "Of a service account that may write annotations. Shown to nobody; take it from ${cred:NAME}.")
    {
        IsRequired = true,
        ExampleToml = "\"glsa_of_a_service_account\"",
    };

    private static readonly PemFileKey Ca = new("ca", isSecret: false,
        "Who signs Grafana's certificate, and nobody else. Without it: whom the system trusts.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/grafana-ca.pem\"",
    };

    public static TableDeclaration Declaration { get; } = new("grafana", IsNamed: false,
        "Each deployment becomes an annotation in Grafana, tried again for a day if Grafana cannot be reached. Not "
            + "needed for the dashboards that come along: they find deployments in Prometheus.",
        [Url, Token, Ca]);

    /// <summary>Null if there is none.</summary>
    public static GrafanaSettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        ApiUrl? url = Url.Read(scope);
        string? token = Token.Read(scope);
        string ca = Ca.ReadCertificates(scope)?.Text ?? "";
        // What is missing was reported.
        return new GrafanaSettings(url?.ToUri() ?? new Uri("http://localhost"), token ?? "", ca);
    }
}
