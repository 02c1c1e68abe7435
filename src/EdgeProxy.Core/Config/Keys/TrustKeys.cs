using EdgeProxy.Telemetry;

namespace EdgeProxy.Config.Keys;

/// <summary>Keys that say whose word is taken: any, trusted or none.</summary>
internal static class TrustKeys
{
    private const string Any = "any";
    private const string Trusted = "trusted";
    private const string Nobody = "none";

    public static ChoiceKey Create(string name, string doc) => new(name, [Any, Trusted, Nobody], doc)
    {
        Default = Any,
        DefaultToml = $"\"{Any}\"",
    };

    public static ClientTrust Of(string word) => word switch
    {
        Trusted => ClientTrust.Trusted,
        Nobody => ClientTrust.None,
        _ => ClientTrust.Any,
    };
}
