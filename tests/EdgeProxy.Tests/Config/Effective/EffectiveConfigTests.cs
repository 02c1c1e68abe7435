using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Config.Effective;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using Xunit;

namespace EdgeProxy.Tests.Config.Effective;

public sealed class EffectiveConfigTests
{
    private const string Toml = """
        [node]
        name = "${env:NAME}"
        [entrypoints.web]
        address = "127.0.0.1:8080"
        [routers.orders]
        rule = "Host(`a`)"
        service = "orders"
        [services.orders]
        servers = [{ url = "http://user:pass@10.0.0.1:80", weight = 2 }]
        health_check = { path = "/healthz" }
        [middlewares.h.headers.request]
        set = { X-Api-Key = "literal", X-Plain = "plain", Authorization = "${cred:token}" }
        [ai.providers.cloud]
        kind = "openai"
        base_url = "https://api.example.com/v1"
        api_key = "sk-literal"
        """;

    [Fact]
    public void Values_SayWhereTheyComeFrom()
    {
        IReadOnlyList<EffectiveValue> values = Of(Toml);

        Assert.Equal("\"Host(`a`)\" /x.toml:6:1", Show(values, "router orders", "rule"));
        Assert.Equal("\"10s\" default", Show(values, "node", "drain_timeout"));
        Assert.Equal("\"${env:NAME}\" /x.toml:2:1", Show(values, "node", "name"));
        Assert.Equal("\"info\" default", Show(values, "log", "level"));
        Assert.Equal("\"openai\" /x.toml:14:1", Show(values, "provider cloud", "kind"));
    }

    [Fact]
    public void Values_OfASecret_AreMaskedAndPlaceholdersAreNot()
    {
        IReadOnlyList<EffectiveValue> values = Of(Toml);

        Assert.StartsWith("\"***\"", Show(values, "provider cloud", "api_key"), StringComparison.Ordinal);
        Assert.Equal(
            "{ set = { X-Api-Key = \"***\", X-Plain = \"plain\", Authorization = \"${cred:token}\" } }",
            values.Single(value => value.Unit == "middleware h" && value.Key == "headers.request").Value);
        Assert.DoesNotContain("pass", string.Concat(values.Select(value => value.Value)), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKeyThatTakesASecret_IsMasked()
    {
        List<string> names = [];
        Visit(RootTable.Declaration, names);

        // A key that is new and takes a secret belongs to this list.
        Assert.Equal(
            ["admin.token", "ai.providers.api_key", "consumers.keys", "middlewares.basic_auth.users",
             "middlewares.jwt.public_key",
             "middlewares.jwt.secret", "services.sticky.secret", "services.weighted.sticky.secret",
             "telemetry.grafana.token", "telemetry.otlp.headers"],
            names.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_AFileThatIncludes_NamesTheFileOfEach()
    {
        var written = new WrittenFiles(
        [
            new WrittenFile("/etc/x.toml", Encoding.UTF8.GetBytes("include = [\"conf.d/*.toml\"]\n")),
            new WrittenFile("/etc/conf.d/a.toml", Encoding.UTF8.GetBytes("[log]\nlevel = \"debug\"\n")),
        ]);

        EffectiveValue value = EffectiveConfig.Of(written, Nothing).Single(v => v is { Unit: "log", Key: "level" });

        Assert.Equal(("\"debug\"", "/etc/conf.d/a.toml:2:1"), (value.Value, value.Origin));
    }

    internal static ConfigEnvironment Nothing { get; } = new(static _ => null, "host");

    internal static IReadOnlyList<EffectiveValue> Of(string toml) =>
        EffectiveConfig.Of(WrittenFiles.OfText(toml, "/x.toml"), Nothing);

    private static string Show(IReadOnlyList<EffectiveValue> values, string unit, string key)
    {
        EffectiveValue value = values.Single(candidate => candidate.Unit == unit && candidate.Key == key);
        return $"{value.Value} {value.Origin}";
    }

    private static void Visit(TableDeclaration table, List<string> names, string path = "")
    {
        foreach (Key key in table.Keys)
        {
            if (key.IsSecret)
            {
                names.Add(path + key.Name);
            }

            if (key.Inner is { } inner && path.Length < 100)
            {
                Visit(inner, names, $"{path}{key.Name}.");
            }
        }

        foreach (TableDeclaration below in table.Tables)
        {
            Visit(below, names, $"{path}{below.Name}.");
        }
    }
}
