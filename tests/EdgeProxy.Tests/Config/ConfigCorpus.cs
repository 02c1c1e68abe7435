using System;
using System.IO;
using System.Linq;
using System.Reflection;
using EdgeProxy.Config;

namespace EdgeProxy.Tests.Config;

/// <summary>The repository's files as tests need them, and an environment that is the same everywhere.</summary>
internal static class ConfigCorpus
{
    public const string Secret = "hunter2-correct-horse";

    public static string Root { get; } = typeof(ConfigCorpus).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Folder { get; } = Path.Combine(Root, "tests", "corpus", "config");

    public static ConfigEnvironment Environment { get; } = new(Variable, "test-host")
    {
        MachineId = static () => "00112233445566778899aabbccddeeff",
    };

    /// <summary>A small good configuration, into which a test writes its own.</summary>
    public const string Small =
        """
        [entrypoints.web]
        address = ":8080"

        [routers.app]
        rule = "PathPrefix(`/`)"
        service = "app"

        [services.app]
        servers = [{ url = "http://127.0.0.1:9000" }]

        """;

    public static ProxySettings Parse(string text)
    {
        ProxySettings? settings = ConfigFile.Parse(text, "test.toml", Environment, out var faults);
        return settings ?? throw new InvalidOperationException(string.Join('\n', faults));
    }

    public static string[] Faults(string text)
    {
        ProxySettings? settings = ConfigFile.Parse(text, "test.toml", Environment, out var faults);
        return (settings is null) == (faults.Count > 0)
            ? [.. faults.Select(fault => fault.ToString())]
            : throw new InvalidOperationException("settings and faults, or neither");
    }

    /// <summary>
    /// Examples name PEM files that are not on this machine (no key is in the repository), and stand without the tables
    /// that give them something to do.
    /// </summary>
    public static string[] WithoutFilesOfExamples(string[] faults) =>
    [
        .. faults.Where(static fault => !fault.EndsWith("; write a PEM file", StringComparison.Ordinal)
            && !fault.EndsWith("; write a PEM file that others cannot read", StringComparison.Ordinal)
            && !fault.Contains(": has no certificate to show; ", StringComparison.Ordinal)
            && !fault.Contains(".tls: does nothing: no server's URL says https", StringComparison.Ordinal)
            && !fault.Contains(".tls.client_ca: does nothing without client_auth", StringComparison.Ordinal)
            && !fault.EndsWith(".plan: does nothing: no service has models", StringComparison.Ordinal)),
    ];

    private static string? Variable(string name) => name switch
    {
        "STORE" => "0042",
        "SECRET" => Secret,
        "SECRET_NAME" => "hunter2",
        _ => null,
    };
}
