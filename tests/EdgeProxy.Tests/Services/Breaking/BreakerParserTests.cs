using System;
using System.Linq;
using EdgeProxy.Services.Breaking;
using Xunit;

namespace EdgeProxy.Tests.Services.Breaking;

/// <summary>Traefik's expression language, and where an expression is wrong.</summary>
public class BreakerParserTests
{
    [Theory]
    [InlineData("NetworkErrorRatio() > 0.30")]
    [InlineData("LatencyAtQuantileMS(50.0) > 100")]
    [InlineData("ResponseCodeRatio(500, 600, 0, 600) > 0.25")]
    [InlineData("ResponseCodeRatio(500, 600, 0, 600) > 0.30 || NetworkErrorRatio() > 0.10")]
    [InlineData("LatencyAtQuantileMS(50.0) > 100 && NetworkErrorRatio() > 0.30")]
    [InlineData("  ! ( NetworkErrorRatio ( ) <= .5 ) \n")]
    [InlineData("!!NetworkErrorRatio()==1")]
    public void Parse_Good_IsRead(string text)
    {
        BreakerExpression? expression = BreakerParser.Parse(text, out string error, out _);

        Assert.Equal("", error);
        Assert.Equal(text, expression!.Text);
    }

    [Theory]
    [InlineData("", 1, "it ends where NetworkErrorRatio, ResponseCodeRatio, LatencyAtQuantileMS, '!' or '(' may stand")]
    [InlineData("NetworkErorRatio() > 0.5", 1, "there is no function NetworkErorRatio; did you mean 'NetworkErrorRatio'?")]
    [InlineData("NetworkErrorRatio > 0.5", 19, "'(' is missing")]
    [InlineData("NetworkErrorRatio( > 0.5", 20, "a number is missing")]
    [InlineData("NetworkErrorRatio(1) > 0.5", 1, "NetworkErrorRatio() has no arguments")]
    [InlineData("NetworkErrorRatio() 0.5", 21, "one of > >= < <= == != is missing")]
    [InlineData("NetworkErrorRatio()", 20, "one of > >= < <= == != is missing")]
    [InlineData("NetworkErrorRatio() = 0.5", 21, "one of > >= < <= == != is missing")]
    [InlineData("NetworkErrorRatio() > ", 23, "a number is missing")]
    [InlineData("NetworkErrorRatio() > -1", 23, "a number is missing")]
    [InlineData("NetworkErrorRatio() > 1.2.3", 23, "a number is missing")]
    [InlineData("NetworkErrorRatio() > 30", 23, "a ratio is never more than 1")]
    [InlineData("NetworkErrorRatio() > 0.3 & NetworkErrorRatio() > 0.3", 27, "found '&' where && or || may stand, or the end")]
    [InlineData("NetworkErrorRatio() > 0.3 &&", 29, "it ends where")]
    [InlineData("(NetworkErrorRatio() > 0.3", 27, "')' is missing")]
    [InlineData("NetworkErrorRatio() > 0.3)", 26, "found ')' where && or || may stand, or the end")]
    [InlineData("LatencyAtQuantileMS() > 5", 1, "write LatencyAtQuantileMS(50.0)")]
    [InlineData("LatencyAtQuantileMS(0) > 5", 1, "a percentage above 0, to 100")]
    [InlineData("NetworkErrorRatio() > 0 || LatencyAtQuantileMS(101) > 5", 28, "a percentage above 0, to 100")]
    [InlineData("ResponseCodeRatio(500, 600) > 0.5", 1, "write ResponseCodeRatio(500, 600, 0, 600)")]
    [InlineData("ResponseCodeRatio(600, 500, 0, 600) > 0.5", 1, "the first of each less than the second")]
    [InlineData("ResponseCodeRatio(500, 601, 0, 600) > 0.5", 1, "0 to 600")]
    [InlineData("ResponseCodeRatio(500.5, 600, 0, 600) > 0.5", 1, "0 to 600")]
    [InlineData("ResponseCodeRatio(500 600, 0, 600) > 0.5", 23, "',' or ')' is missing")]
    [InlineData("ResponseCodeRatio(500, 600, 0, 600", 35, "',' or ')' is missing")]
    [InlineData("0.5 < NetworkErrorRatio()", 1, "there is no function 0")]
    public void Parse_Bad_SaysWhatAndWhere(string text, int at, string what)
    {
        Assert.Null(BreakerParser.Parse(text, out string error, out int column));

        Assert.Contains(what, error, StringComparison.Ordinal);
        Assert.Equal(at, column);
    }

    [Fact]
    public void Parse_DeepOrLong_IsRefused()
    {
        const string Term = "NetworkErrorRatio() > 0";
        string deep = new string('(', 17) + Term + new string(')', 17);
        string deepNot = new string('!', 100_000) + Term;
        string many = string.Join(" || ", Enumerable.Repeat(Term, 17));

        Assert.Null(BreakerParser.Parse(deep, out string error, out int column));
        Assert.Equal(("is nested more than 16 deep", 17), (error, column));
        Assert.Null(BreakerParser.Parse(deepNot, out error, out _));
        Assert.Equal("is nested more than 16 deep", error);
        Assert.Null(BreakerParser.Parse(many, out error, out column));
        Assert.Equal(("has more than 16 functions", 433), (error, column));
        Assert.NotNull(BreakerParser.Parse(deep[1..^1], out _, out _));
    }

    [Theory]
    [InlineData("NetworkErrorRatio() > 0.5", 0.5, false)]
    [InlineData("NetworkErrorRatio() >= 0.5", 0.5, true)]
    [InlineData("NetworkErrorRatio() < 0.5", 0.5, false)]
    [InlineData("NetworkErrorRatio() <= 0.5", 0.5, true)]
    [InlineData("NetworkErrorRatio() == 0.5", 0.5, true)]
    [InlineData("NetworkErrorRatio() != 0.5", 0.5, false)]
    [InlineData("!NetworkErrorRatio() > 0.5", 0.5, true)]
    public void IsTrue_Comparisons(string text, double value, bool isTrue) =>
        Assert.Equal(isTrue, BreakerParser.Parse(text, out _, out _)!.IsTrue([value]));

    [Theory]
    [InlineData("NetworkErrorRatio() > 0 || NetworkErrorRatio() > 0 && NetworkErrorRatio() > 0", "110 101 100 111 011")]
    [InlineData("(NetworkErrorRatio() > 0 || NetworkErrorRatio() > 0) && NetworkErrorRatio() > 0", "101 011 111")]
    [InlineData("!(NetworkErrorRatio() > 0 || NetworkErrorRatio() > 0) && NetworkErrorRatio() > 0", "001")]
    [InlineData("NetworkErrorRatio() > 0 && !NetworkErrorRatio() > 0 || NetworkErrorRatio() > 0", "100 101 001 011 111")]
    public void IsTrue_AndBindsTighterThanOr(string text, string whenTrue)
    {
        BreakerExpression expression = BreakerParser.Parse(text, out _, out _)!;

        var found = Enumerable.Range(0, 8).Select(bits => Convert.ToString(bits, 2).PadLeft(3, '0'))
            .Where(bits => expression.IsTrue([.. bits.Select(bit => bit - '0')]));

        Assert.Equal(whenTrue.Split(' ').Order(), found);
    }
}
