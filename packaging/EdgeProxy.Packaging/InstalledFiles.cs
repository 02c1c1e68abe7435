using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.Packaging;

/// <summary>What every package puts on a system, and where (file-hierarchy(7)).</summary>
internal static class InstalledFiles
{
    // All of packaging/grafana; named, so that nothing else that lies there gets into a package.
    private static readonly string[] Dashboards =
    [
        "alerts.rules.yml", "edgeproxy-deployments.json", "edgeproxy-node.json", "edgeproxy-overview.json",
        "edgeproxy-routers.json", "edgeproxy-services.json",
    ];

    public const string Configuration = "etc/edgeproxy/edgeproxy.toml";

    public static IReadOnlyList<PackageFile> Of(Release release) =>
    [
        new("usr/bin/edgeproxy", release.Binary, PackageFile.Program),
        Data(Configuration, release.Read("edgeproxy.toml")) with { IsConfiguration = true },
        Data("usr/lib/systemd/system/edgeproxy.service", release.Read("systemd/edgeproxy.service")),
        Data("usr/lib/systemd/system/edgeproxy.socket", release.Read("systemd/edgeproxy.socket")),
        Data("usr/lib/sysusers.d/edgeproxy.conf", release.Read("systemd/edgeproxy.sysusers")),
        Data("usr/share/man/man8/edgeproxy.8.gz", TarBytes.Gzip(release.Read("man/edgeproxy.8"))),
        Data("usr/share/bash-completion/completions/edgeproxy", release.Read("completions/edgeproxy.bash")),
        Data("usr/share/zsh/vendor-completions/_edgeproxy", release.Read("completions/edgeproxy.zsh")),
        Data("usr/share/fish/vendor_completions.d/edgeproxy.fish", release.Read("completions/edgeproxy.fish")),
        .. Dashboards.Select(name => Data($"usr/share/edgeproxy/grafana/{name}", release.Read($"grafana/{name}"))),
        Data("usr/share/doc/edgeproxy/sbom.cdx.json", Sbom.Write(release)),
    ];

    private static PackageFile Data(string path, byte[] content) => new(path, content, PackageFile.Data);
}
