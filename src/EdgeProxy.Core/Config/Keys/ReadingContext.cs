using System.Collections.Generic;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Keys;

/// <summary>
/// One reading of a configuration: where faults go, what fills strings, where other files are read, and what was read
/// before that later tables stand on.
/// </summary>
internal sealed class ReadingContext(ConfigFaults faults, Placeholders placeholders, SideFiles files)
{
    public ConfigFaults Faults { get; } = faults;

    public Placeholders Placeholders { get; } = placeholders;

    public SideFiles Files { get; } = files;

    /// <summary>The document, once it is being read.</summary>
    public TomlTable? Root { get; set; }

    /// <summary>[[tls.certificates]], which are read before the entrypoints.</summary>
    public Sequence<CertificateSettings> Certificates { get; set; } = Sequence<CertificateSettings>.Empty;

    /// <summary>[consumers], which are read before the middlewares.</summary>
    public Sequence<ConsumerSettings> Consumers { get; set; } = Sequence<ConsumerSettings>.Empty;

    /// <summary>What outlives a restart is there.</summary>
    public string StateFolder { get; set; } = "";

    /// <summary>Services that middlewares name, each with the path of the key it stands at.</summary>
    public List<(string Path, Placed<string> Name)> MentionedServices { get; } = [];
}
