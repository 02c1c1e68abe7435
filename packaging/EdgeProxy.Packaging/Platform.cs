namespace EdgeProxy.Packaging;

/// <summary>One processor we ship for, in the words of each package format.</summary>
/// <param name="Runtime">.NET's word, which names the published folder.</param>
/// <param name="Debian">dpkg's and OCI's word.</param>
/// <param name="Rpm">rpm's word.</param>
internal sealed record Platform(string Runtime, string Debian, string Rpm)
{
    public static readonly Platform X64 = new("linux-x64", "amd64", "x86_64");
    public static readonly Platform Arm64 = new("linux-arm64", "arm64", "aarch64");

    /// <summary>The platform of a runtime identifier; null for one we do not ship for.</summary>
    public static Platform? Of(string runtime) => runtime switch
    {
        "linux-x64" => X64,
        "linux-arm64" => Arm64,
        _ => null,
    };
}
