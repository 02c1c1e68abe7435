using System.Text;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

public sealed class ServerNameTableTests
{
    private static readonly ServerNameTable s_table = new(
    [
        ["shop.test", "www.shop.test"],
        ["*.shop.test"],
        ["shop.test", "api.shop.test", "*.api.shop.test"],
        ["192.0.2.1"],
    ]);

    [Theory]
    [InlineData("shop.test", 0)]
    [InlineData("SHOP.test", 0)]
    [InlineData("shop.test.", 0)]
    [InlineData("www.shop.test", 0)]
    [InlineData("api.shop.test", 2)]
    [InlineData("v1.api.shop.test", 2)]
    [InlineData("V1.API.shop.TEST.", 2)]
    [InlineData("other.shop.test", 1)]
    [InlineData("a.b.shop.test", -1)]
    [InlineData("*.shop.test", 1)]
    [InlineData(".shop.test", -1)]
    [InlineData("shop.test..", -1)]
    [InlineData("test", -1)]
    [InlineData("", -1)]
    [InlineData(".", -1)]
    [InlineData("192.0.2.1", 3)]
    [InlineData("xshop.test", -1)]
    [InlineData("sh\u00f6p.test", -1)]
    public void Name_FindsItsCertificate(string name, int place) =>
        Assert.Equal(place, s_table.Find(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Name_LongerThanAny_FindsNothing() =>
        Assert.Equal(-1, s_table.Find(Encoding.ASCII.GetBytes(new string('a', 300) + ".shop.test")));
}
