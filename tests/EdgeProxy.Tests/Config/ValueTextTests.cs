using System;
using System.Net;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Text;
using Xunit;

namespace EdgeProxy.Tests.Config;

public class ValueTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h2m3s4ms", 3_723_004)]
    [InlineData("90s", 90_000)]
    public void Duration_Good_IsItsMilliseconds(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1.5s")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData("1S")]
    [InlineData("1d")]
    [InlineData("1us")]
    [InlineData("30s1m")]
    [InlineData("1s1s")]
    [InlineData("1m30")]
    [InlineData("00")]
    [InlineData("1234567890s")]
    [InlineData("99999999999999999999h")]
    [InlineData("\u0661s")]
    public void Duration_Bad_IsRefused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(75_000, "75s")]
    [InlineData(60_000, "1m")]
    [InlineData(1_500, "1500ms")]
    [InlineData(86_400_000, "24h")]
    public void Duration_Format_ReadsBack(long milliseconds, string text)
    {
        Assert.Equal(text, DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.True(DurationText.TryParse(text, out TimeSpan value));
        Assert.Equal(milliseconds, (long)value.TotalMilliseconds);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("64KiB", 65_536)]
    [InlineData("1MiB", 1_048_576)]
    [InlineData("2GiB", 2_147_483_648)]
    public void Size_Good_IsItsBytes(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out long value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("10KB")]
    [InlineData("10K")]
    [InlineData("10kib")]
    [InlineData("10 KiB")]
    [InlineData("-1")]
    [InlineData("1.5MiB")]
    [InlineData("0x10")]
    [InlineData("9999999999")]
    public void Size_Bad_IsRefused(string text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1023, "1023")]
    [InlineData(32_768, "32KiB")]
    [InlineData(1_048_576, "1MiB")]
    public void Size_Format_ReadsBack(long bytes, string text)
    {
        Assert.Equal(text, SizeText.Format(bytes));
        Assert.True(SizeText.TryParse(text, out long value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData(":8080", "[::]:8080")]
    [InlineData("0.0.0.0:8080", "0.0.0.0:8080")]
    [InlineData("[::]:8080", "[::]:8080")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("[2001:db8::1]:65535", "[2001:db8::1]:65535")]
    [InlineData("[::ffff:10.0.0.1]:80", "10.0.0.1:80")]
    public void EndPoint_Good_IsRead(string text, string expected)
    {
        Assert.True(AddressText.TryParseEndPoint(text, out IPEndPoint endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("8080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1:80")]
    [InlineData("0x7f.0.0.1:80")]
    [InlineData("127.0.0.1:080")]
    [InlineData("127.0.0.1:+80")]
    [InlineData("127.0.0.1: 80")]
    [InlineData("127.0.0.256:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[::1%eth0]:80")]
    [InlineData("[::1]80")]
    [InlineData("[]:80")]
    [InlineData("::1")]
    [InlineData("http://127.0.0.1:80")]
    public void EndPoint_Bad_IsRefused(string text) => Assert.False(AddressText.TryParseEndPoint(text, out _));

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("::1", "::1/128")]
    public void Network_Good_IsRead(string text, string expected)
    {
        Assert.Null(AddressText.ParseNetwork(text, out IPNetwork network));
        Assert.Equal(expected, network.ToString());
    }

    [Theory]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/08")]
    [InlineData("10/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("*")]
    [InlineData("")]
    public void Network_Bad_SaysWhy(string text) => Assert.NotNull(AddressText.ParseNetwork(text, out _));

    [Theory]
    [InlineData("http://a", "a", 80)]
    [InlineData("https://a", "a", 443, true)]
    [InlineData("HTTPS://a:8443/", "a", 8443, true)]
    [InlineData("HTTP://A.Example:81/", "a.example", 81)]
    [InlineData("http://10.0.0.5:8080", "10.0.0.5", 8080)]
    [InlineData("http://[2001:db8::5]", "2001:db8::5", 80)]
    [InlineData("http://[2001:DB8:0::5]:81", "2001:db8::5", 81)]
    [InlineData("http://my_service-1:9000", "my_service-1", 9000)]
    public void ServerUrl_Good_IsHostAndPort(string url, string host, int port, bool isTls = false)
    {
        Assert.Null(ServerUrl.Parse(url, out string parsedHost, out int parsedPort, out bool parsedTls));
        Assert.Equal((host, port, isTls), (parsedHost, parsedPort, parsedTls));
    }

    [Theory]
    [InlineData("unix:/run/a.sock", false, false)]
    [InlineData("http://unix:/run/a.sock", false, false)]
    [InlineData("HTTPS://unix:/run/a.sock", true, false)]
    [InlineData("h2c://unix:/run/a.sock", false, true)]
    [InlineData("h2://unix:/run/a.sock", true, true)]
    public void ServerUrl_OfUnixSocket_SaysWhatIsSpokenThere(string url, bool isTls, bool isHttp2)
    {
        Assert.Null(ServerUrl.Parse(url, out string host, out int port, out bool parsedTls, out bool parsedHttp2));
        Assert.Equal(("unix:/run/a.sock", 0, isTls, isHttp2), (host, port, parsedTls, parsedHttp2));
    }

    [Theory]
    [InlineData("http://unix:8080", null, "unix")]
    [InlineData("h2c://unix:/run/", "is not an absolute path of a socket", null)]
    [InlineData("unix:run", "is not an absolute path of a socket", null)]
    [InlineData("ftp://unix:/run/a.sock", "is not an http or https address", null)]
    [InlineData("http://a://unix:/run/a.sock", "has a path, query or fragment, which is not supported", null)]
    public void ServerUrl_LikeAUnixSockets_IsWhatItSays(string url, string? refusal, string? host)
    {
        Assert.Equal(refusal, ServerUrl.Parse(url, out string parsed, out _, out _, out bool _));
        Assert.True(host is null || host == parsed, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://")]
    [InlineData("http:///")]
    [InlineData("http://a//")]
    [InlineData("http://a/b")]
    [InlineData("http://a#b")]
    [InlineData("http://a?b")]
    [InlineData("http://u@a")]
    [InlineData("http://a:")]
    [InlineData("http://a:0")]
    [InlineData("http://a:65536")]
    [InlineData("http://:80")]
    [InlineData("http://a b")]
    [InlineData("http://a\r\nb")]
    [InlineData("http://[::1]x")]
    [InlineData("http://[::1]x:80")]
    [InlineData("http://[1.2.3.4]")]
    [InlineData("http://::1")]
    [InlineData("http://1.2.3")]
    [InlineData("http://1.2.3.4.")]
    [InlineData("http://b\u00fccher.example")]
    [InlineData("https://")]
    [InlineData("https://a/b")]
    [InlineData("ftp://a")]
    [InlineData("a:80")]
    public void ServerUrl_Bad_SaysWhy(string url) => Assert.NotNull(ServerUrl.Parse(url, out _, out _, out _));

    [Theory]
    [InlineData("adress", "address")]
    [InlineData("addresss", "address")]
    [InlineData("adderss", "address")]
    [InlineData("ADDRESS", "address")]
    [InlineData("weight", "weight")]
    [InlineData("entryPoints", "entrypoints")]
    [InlineData("zzz", null)]
    [InlineData("", null)]
    public void Nearest_Name_IsTheFewestEdits(string name, string? expected) =>
        Assert.Equal(expected, NearestWord.Find(name, ["address", "weight", "entrypoints", "url"]));
}
