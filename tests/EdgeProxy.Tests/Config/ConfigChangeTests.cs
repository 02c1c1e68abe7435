using System;
using EdgeProxy.Config;
using Xunit;

namespace EdgeProxy.Tests.Config;

public class ConfigChangeTests
{
    [Fact]
    public void Describe_TheSameTextTwice_IsEmpty()
    {
        string text = ConfigCorpus.Small + "\n[entrypoints.b]\naddress = \":1\"\ntrusted_ips = [\"10.0.0.0/8\"]\n";

        Assert.Empty(ConfigChange.Describe(ConfigCorpus.Parse(text), ConfigCorpus.Parse(text)));
    }

    [Theory]
    [InlineData(":8080", ":8081", "entrypoint web: changed")]
    [InlineData("127.0.0.1:9000", "127.0.0.1:9001", "service app: changed")]
    [InlineData("PathPrefix(`/`)", "PathPrefix(`/x`)", "router app: changed")]
    [InlineData("service = \"app\"", "service = \"app\"\nentrypoints = [\"web\"]\npriority = 1", "router app: changed")]
    [InlineData("address = \":8080\"", "address = \":8080\"\ntrusted_ips = [\"::1\"]", "entrypoint web: changed")]
    [InlineData("address = \":8080\"", "address = \":8080\"\nhead_bytes_max = \"1KiB\"", "entrypoint web: changed")]
    [InlineData("[entrypoints.web]", "[node]\nname = \"x\"\n[entrypoints.web]", "node: changed")]
    [InlineData("[entrypoints.web]", "[log]\nlevel = \"debug\"\n[entrypoints.web]", "log: changed")]
    [InlineData("[entrypoints.web]", "[admin]\naddress = \"off\"\n[entrypoints.web]", "admin: changed")]
    public void Describe_OneChange_IsOneLine(string was, string becomes, string expected)
    {
        ProxySettings before = ConfigCorpus.Parse(ConfigCorpus.Small);
        ProxySettings after = ConfigCorpus.Parse(ConfigCorpus.Small.Replace(was, becomes, StringComparison.Ordinal));

        Assert.Equal([expected], ConfigChange.Describe(before, after));
    }

    [Fact]
    public void Describe_Renamed_IsAddedAndRemoved()
    {
        ProxySettings before = ConfigCorpus.Parse(ConfigCorpus.Small);
        ProxySettings after = ConfigCorpus.Parse(ConfigCorpus.Small
            .Replace("[routers.app]", "[routers.orders]", StringComparison.Ordinal)
            .Replace("[entrypoints.web]", "[entrypoints.local]", StringComparison.Ordinal));

        Assert.Equal(
            ["entrypoint local: added", "entrypoint web: removed", "router orders: added", "router app: removed"],
            ConfigChange.Describe(before, after));
    }
}
