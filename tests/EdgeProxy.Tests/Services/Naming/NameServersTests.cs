using System.Linq;
using EdgeProxy.Services.Naming;
using Xunit;

namespace EdgeProxy.Tests.Services.Naming;

/// <summary>What the machine's own files say of names.</summary>
public class NameServersTests
{
    [Fact]
    public void Parse_File_AsGlibcDoes()
    {
        NameServers servers = NameServers.Parse(
            "# comment\nnameserver 10.0.0.2\n  nameserver\tfd00::53\nnameserver x\nsearch a.test. b.test\n"
            + "options rotate ndots:2 timeout:1\nnonsense\n");

        Assert.Equal(["10.0.0.2:53", "[fd00::53]:53"], servers.Servers.Select(server => server.ToString()));
        Assert.Equal(["a.test", "b.test"], servers.Search);
        Assert.Equal(2, servers.Dots);
    }

    [Theory]
    [InlineData("app", "app.a.test,app.b.test,app")]
    [InlineData("app.ns", "app.ns.a.test,app.ns.b.test,app.ns")]
    [InlineData("app.ns.svc", "app.ns.svc,app.ns.svc.a.test,app.ns.svc.b.test")]
    [InlineData("app.", "app")]
    public void Candidates_ByDots(string host, string names) => Assert.Equal(
        names, string.Join(',', NameServers.Parse("search a.test b.test\noptions ndots:2").Candidates(host)));

    [Fact]
    public void Parse_NoFile_IsTheMachineItself() =>
        Assert.Equal("127.0.0.1:53", NameServers.Parse("").Servers.Single().ToString());

    [Theory]
    [InlineData("gateway", "10.0.0.1,fd00::1")]
    [InlineData("GATEWAY.lan", "10.0.0.1")]
    [InlineData("10.0.0.1", "")]
    [InlineData("commented", "")]
    public void Hosts_Find(string host, string addresses) => Assert.Equal(
        addresses,
        string.Join(',', HostsFile.Find(
            "127.0.0.1 localhost\n10.0.0.1\tgateway.lan gateway # commented\n#10.0.0.9 commented\nx gateway\nfd00::1 gateway",
            host)));
}
