using EdgeProxy.Middlewares;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public class ValueTemplateTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("{client_ip}, {router}")]
    [InlineData("{{literal}}")]
    public void Parse_GoodValue_HasNoProblem(string text)
    {
        Assert.NotNull(ValueTemplate.Parse(text, out string problem));
        Assert.Empty(problem);
    }

    [Theory]
    [InlineData("{nobody}", "none of {client_ip}")]
    [InlineData("{open", "without '}'")]
    [InlineData("close}", "without '{'")]
    [InlineData("a\r\nb", "no field may hold")]
    [InlineData("\u20ac", "no field may hold")]
    public void Parse_BadValue_SaysWhy(string text, string problem)
    {
        Assert.Null(ValueTemplate.Parse(text, out string found));
        Assert.Contains(problem, found);
    }

    [Fact]
    public void Parse_TooLong_SaysTheLimit()
    {
        Assert.Null(ValueTemplate.Parse(new string('a', ValueTemplate.CharsMax + 1), out string problem));
        Assert.Contains("4096", problem);
    }
}
