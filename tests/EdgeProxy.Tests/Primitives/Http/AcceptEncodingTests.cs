using System.Text;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class AcceptEncodingTests
{
    [Theory]
    [InlineData("gzip", 1000)]
    [InlineData("GZIP", 1000)]
    [InlineData("br, gzip", 1000)]
    [InlineData("br;q=1.0, gzip;q=0.8", 800)]
    [InlineData("gzip ; Q=0.25", 250)]
    [InlineData("gzip;q=0", 0)]
    [InlineData("gzip;q=0.000", 0)]
    [InlineData("gzip;q=0.001", 1)]
    [InlineData("gzip;q=1.000", 1000)]
    [InlineData("gzip;q=1.001", 0)]
    [InlineData("gzip;q=2", 0)]
    [InlineData("gzip;q=0.1234", 0)]
    [InlineData("gzip;q=.5", 0)]
    [InlineData("gzip;q=", 0)]
    [InlineData("gzip;level=9", 0)]
    [InlineData("*", 1000)]
    [InlineData("*;q=0.5, gzip;q=0.3", 300)]
    [InlineData("gzip;q=0, *", 0)]
    [InlineData("br", -1)]
    [InlineData("", -1)]
    [InlineData(",, ,", -1)]
    [InlineData("x-gzip", -1)]
    [InlineData("gzipped, igzip", -1)]
    public void Weight_IsWhatTheLineSays(string line, int weight) =>
        Assert.Equal(weight, AcceptEncoding.WeightOf(Encoding.ASCII.GetBytes(line), "gzip"u8));

    [Theory]
    [InlineData("text/*", "text/html; charset=utf-8", true)]
    [InlineData("text/*", "TEXT/Plain", true)]
    [InlineData("text/*", "application/json", false)]
    [InlineData("application/*+json", "application/problem+json;x=1", true)]
    [InlineData("application/*+json", "application/json", false)]
    [InlineData("application/*+json", "application/+jso", false)]
    [InlineData("application/json", "application/json", true)]
    [InlineData("application/json", "application/jsonp", false)]
    [InlineData("application/json", "", false)]
    [InlineData("application/json", ";application/json", false)]
    public void MediaRange_TakesTypesOfItsPattern(string range, string type, bool expected) =>
        Assert.Equal(expected, MediaRange.Parse(range)!.Has(Encoding.ASCII.GetBytes(type)));

    [Theory]
    [InlineData("text")]
    [InlineData("*/*")]
    [InlineData("*")]
    [InlineData("text/")]
    [InlineData("/html")]
    [InlineData("text/*x*")]
    [InlineData("text/html; charset=utf-8")]
    [InlineData("text/a/b")]
    [InlineData("text/ä")]
    public void MediaRange_OfAnotherForm_IsNone(string text) => Assert.Null(MediaRange.Parse(text));
}
