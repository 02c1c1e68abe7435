using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Config.Effective;
using Xunit;

namespace EdgeProxy.Tests.Config.Effective;

public sealed class ConfigPlanTests
{
    private const string Before = """
        [entrypoints.web]
        address = "127.0.0.1:8080"
        [routers.orders]
        rule = "Host(`a`)"
        service = "orders"
        [routers.old]
        rule = "Host(`old`)"
        service = "orders"
        [services.orders]
        servers = [{ url = "http://10.0.0.1:80" }]
        [consumers.alice]
        keys = [{ sha256 = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" }]
        """;

    [Fact]
    public void Compare_TheSame_IsNothing() => Assert.Empty(Compare(Before));

    [Fact]
    public void Compare_CommentsOrderAndWrittenDefaults_AreNothing() =>
        Assert.Empty(Compare("# a comment\n[log]\nlevel = \"info\"\n" + Before));

    [Fact]
    public void Compare_NamesUnitsAndKeys()
    {
        string after = Before
            .Replace("Host(`a`)", "Host(`b`)")
            .Replace("[routers.old]", "[routers.new]")
            .Replace("10.0.0.1:80\" }]", "10.0.0.1:81\" }]\nstrategy = \"p2c\"")
            .Replace("2bd8", "0000");

        Assert.Equal(
            [
                "Changed router orders rule \"Host(`a`)\" \"Host(`b`)\"",
                "Added router new rule  \"Host(`old`)\"",
                "Added router new service  \"orders\"",
                "Changed service orders servers [{ url = \"http://10.0.0.1:80\" }] [{ url = \"http://10.0.0.1:81\" }]",
                "Changed service orders strategy \"round_robin\" \"p2c\"",
                "Changed consumer alice keys [{ sha256 = \"***\" }] [{ sha256 = \"***\" }]",
                "Removed router old",
            ],
            Compare(after));
    }

    [Fact]
    public void Compare_ATableThatIsNew_IsAChangeOfItsUnit() => Assert.Equal(
        ["Changed service orders health_check.path  \"/healthz\""],
        Compare(Before.Replace("[consumers", "[services.orders.health_check]\npath = \"/healthz\"\n[consumers"))
            .Where(line => line.Contains(".path")));

    private static List<string> Compare(string after)
    {
        List<string> lines = [];
        foreach (PlannedChange change in
            ConfigPlan.Compare(EffectiveConfigTests.Of(Before), EffectiveConfigTests.Of(after)))
        {
            lines.AddRange(change.Keys.Count == 0
                ? [$"{change.Change} {change.Unit}"]
                : change.Keys.Select(key => $"{change.Change} {change.Unit} {key.Key} {key.Before} {key.After}"));
        }

        return lines;
    }
}
