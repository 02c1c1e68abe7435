using System;
using System.Collections.Generic;
using System.Text;
using CsCheck;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

public class RuleParserTests
{
    [Theory]
    [InlineData("Host(`Example.COM`)", "Host(`example.com`)")]
    [InlineData("Host(`example.com.`)", "Host(`example.com`)")]
    [InlineData("host(`a`)", "Host(`a`)")]
    [InlineData("PATHPREFIX(`/a`)", "PathPrefix(`/a`)")]
    [InlineData("Host(`*.Example.com`)", "Host(`*.example.com`)")]
    [InlineData("Host(`*`)", "Host(`*`)")]
    [InlineData("Host(`[2001:DB8::1]`)", "Host(`[2001:db8::1]`)")]
    [InlineData("Host(`my_service`)", "Host(`my_service`)")]
    [InlineData("Host(\"a\")", "Host(`a`)")]
    [InlineData("Path(\"/\\x41\\u0042\\103\")", "Path(`/ABC`)")]
    [InlineData("Path(`/a/./b//c/../d`)", "Path(`/a/b/d`)")]
    [InlineData("Path(`/%61%2fb`)", "Path(`/a%2Fb`)")]
    [InlineData("Path(`/caf\u00e9 1`)", "Path(`/caf%C3%A9%201`)")]
    [InlineData("Method(`get`)", "Method(`GET`)")]
    [InlineData("Method(`Purge`)", "Method(`PURGE`)")]
    [InlineData("Header(`X-Canary`, `1`)", "Header(`x-canary`, `1`)")]
    [InlineData("Header(`X-Empty`,``)", "Header(`x-empty`, ``)")]
    [InlineData("Query(`debug`)", "Query(`debug`, ``)")]
    [InlineData("QueryRegexp(`debug`)", "Query(`debug`, ``)")]
    [InlineData("Query(`a`,`b`)", "Query(`a`, `b`)")]
    [InlineData("HeaderRegexp(`Cookie`, `a=[0-9]+`)", "HeaderRegexp(`cookie`, `a=[0-9]+`)")]
    [InlineData("ClientIP(`10.0.0.0/8`)", "ClientIP(`10.0.0.0/8`)")]
    [InlineData("Header(`a`, \"x`y\\\"z\\\\\")", "Header(`a`, \"x`y\\\"z\\\\\")")]
    [InlineData(" \t\r\nHost(`a`)\n", "Host(`a`)")]
    [InlineData("Host(`a`) || Host(`b`) && Path(`/c`)", "Host(`a`) || (Host(`b`) && Path(`/c`))")]
    [InlineData("(Host(`a`) || Host(`b`)) && Path(`/c`)", "(Host(`a`) || Host(`b`)) && Path(`/c`)")]
    [InlineData("Host(`a`)&&!Path(`/c`)", "Host(`a`) && !Path(`/c`)")]
    [InlineData("!!Host(`a`)", "!(!Host(`a`))")]
    [InlineData("!(Host(`a`) || Path(`/c`))", "!(Host(`a`) || Path(`/c`))")]
    [InlineData("((Host(`a`)))", "Host(`a`)")]
    public void Parse_Rule_PrintsItsCanonicalText(string text, string canonical)
    {
        Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);

        Assert.Empty(errors);
        Assert.Equal(canonical, rule!.Text);
        Assert.Equal(rule, RuleParser.Parse(canonical, out _));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("  ", 3, "empty")]
    [InlineData("Hots(`a`)", 1, "did you mean Host?")]
    [InlineData("Headers(`a`, `b`)", 1, "did you mean Header?")]
    [InlineData("PathPrefx(`/a`)", 1, "did you mean PathPrefix?")]
    [InlineData("Zxcvbnmqwerty(`a`)", 1, "known are Host, HostRegexp")]
    [InlineData("HostSNI(`a`)", 1, "TCP")]
    [InlineData("Host", 5, "expected '(' after Host, found the end of the rule")]
    [InlineData("Host(", 6, "expected a value in back-ticks")]
    [InlineData("Host()", 1, "takes 1 value, found 0")]
    [InlineData("Host(`a`", 9, "expected ',' or ')'")]
    [InlineData("Host(`a`,)", 10, "expected a value")]
    [InlineData("Host(`a`, `b`)", 1, "Host(`a`) || Host(`b`)")]
    [InlineData("Header(`a`)", 1, "takes 2 values, found 1")]
    [InlineData("Query(`a`, `b`, `c`)", 1, "takes 1 or 2 values, found 3")]
    [InlineData("Host(a)", 6, "back-ticks")]
    [InlineData("Host('a')", 6, "back-ticks")]
    [InlineData("Host(\u201ca\u201d)", 6, "U+201C")]
    [InlineData("Host(`a)", 6, "never closed")]
    [InlineData("Host(\"a)", 6, "never closed")]
    [InlineData("Host(\"a\n\")", 6, "never closed")]
    [InlineData("Host(\"\\q\")", 7, "escape")]
    [InlineData("Host(\"\\xff\")", 7, "escape")]
    [InlineData("Host(\"\\ud800\")", 7, "escape")]
    [InlineData("Host(\"\\u12\")", 7, "escape")]
    [InlineData("Host(`a`) & Path(`/b`)", 11, "write '&&'")]
    [InlineData("Host(`a`) | Path(`/b`)", 11, "write '||'")]
    [InlineData("Host(`a`) Path(`/b`)", 11, "expected '&&' or '||' before Path")]
    [InlineData("Host(`a`) and Path(`/b`)", 11, "before and")]
    [InlineData("Host(`a`) &&", 13, "expected a matcher")]
    [InlineData("&& Host(`a`)", 1, "expected a matcher")]
    [InlineData("(Host(`a`)", 11, "the '(' at column 1 is never closed")]
    [InlineData("Host(`a`))", 10, "closes nothing")]
    [InlineData("()", 2, "expected a matcher")]
    [InlineData("!", 2, "expected a matcher")]
    [InlineData("Host(`a`) ; x", 11, "no meaning")]
    [InlineData("Host(``)", 6, "empty")]
    [InlineData("Host(`a:80`)", 6, "port")]
    [InlineData("Host(`a/b`)", 6, "host alone")]
    [InlineData("Host(`http://a`)", 6, "port")]
    [InlineData("Host(`a..b`)", 6, "empty label")]
    [InlineData("Host(`.a`)", 6, "empty label")]
    [InlineData("Host(`b\u00fccher.example`)", 6, "xn--")]
    [InlineData("Host(`a.*.b`)", 6, "first label")]
    [InlineData("Host(`*a.b`)", 6, "first label")]
    [InlineData("Host(`*.`)", 6, "empty label")]
    [InlineData("Host(`{sub:[a-z]+}.a`)", 6, "HostRegexp")]
    [InlineData("Host(`[::1`)", 6, "IPv6")]
    [InlineData("Host(`[1.2.3.4]`)", 6, "IPv6")]
    [InlineData("Path(``)", 6, "does not start with '/'")]
    [InlineData("Path(`a`)", 6, "does not start with '/'")]
    [InlineData("PathPrefix(`/a?b=c`)", 12, "Query")]
    [InlineData("Path(`/a#b`)", 6, "'#'")]
    [InlineData("Path(`/%zz`)", 6, "percent-escape")]
    [InlineData("Path(`/100%`)", 6, "percent-escape")]
    [InlineData("Method(`GE T`)", 8, "not a method")]
    [InlineData("Method(``)", 8, "not a method")]
    [InlineData("Method(`CONNECT`)", 8, "refused before")]
    [InlineData("Method(`trace`)", 8, "refused before")]
    [InlineData("Header(`Host`, `a`)", 8, "Host or HostRegexp")]
    [InlineData("Header(`X Y`, `a`)", 8, "not a header name")]
    [InlineData("Header(`X`, ` a`)", 13, "space")]
    [InlineData("Header(`X`, \"a\\r\\nb\")", 13, "CR, LF")]
    [InlineData("HeaderRegexp(`X`, `(`)", 20, "never closed")]
    [InlineData("Query(``, `a`)", 7, "empty")]
    [InlineData("ClientIP(`10.0.0.1/8`)", 10, "10.0.0.0/8")]
    [InlineData("ClientIP(`nowhere`)", 10, "not an IP address")]
    [InlineData("HostRegexp(``)", 13, "empty")]
    [InlineData("PathRegexp(`^/(?=a)`)", 15, "lookaround")]
    [InlineData("PathRegexp(`^/(a)\\1`)", 18, "references back")]
    [InlineData("PathRegexp(`[a-`)", 13, "never closed")]
    public void Parse_FaultyRule_SaysWhereAndWhy(string text, int column, string hint)
    {
        Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);

        Assert.Null(rule);
        Assert.Contains(hint, errors[0].Message, StringComparison.Ordinal);
        Assert.Equal(column, errors[0].Column);
    }

    [Theory]
    [InlineData("Host(`a`) && Host(`b`)", "Host(`a`) and Host(`b`) exclude each other")]
    [InlineData("Host(`a`) && !Host(`a`)", "exclude each other")]
    [InlineData("Host(`a.b.c`) && Host(`*.c`)", "exclude each other")]
    [InlineData("Host(`*.b`) && Host(`*.c`)", "exclude each other")]
    [InlineData("Host(`a`) && HostRegexp(`^b`)", "exclude each other")]
    [InlineData("!Host(`*`)", "excludes every request")]
    [InlineData("Method(`GET`) && Method(`POST`)", "exclude each other")]
    [InlineData("Path(`/a`) && PathPrefix(`/b`)", "exclude each other")]
    [InlineData("Path(`/a-b`) && PathPrefix(`/a`)", "exclude each other")]
    [InlineData("PathPrefix(`/a`) && PathPrefix(`/ab`)", "exclude each other")]
    [InlineData("PathPrefix(`/a/b`) && !PathPrefix(`/a`)", "exclude each other")]
    [InlineData("Path(`/a`) && PathRegexp(`^/b`)", "exclude each other")]
    [InlineData("ClientIP(`10.0.0.0/8`) && ClientIP(`11.0.0.1`)", "exclude each other")]
    [InlineData("ClientIP(`10.0.0.1`) && !ClientIP(`10.0.0.0/8`)", "exclude each other")]
    [InlineData("Header(`X`, `1`) && !Header(`x`, `1`)", "exclude each other")]
    [InlineData("(Host(`a`) || Host(`b`)) && Host(`c`)", "exclude each other")]
    public void Parse_RuleNoRequestCanMatch_IsRefused(string text, string hint)
    {
        Assert.Null(RuleParser.Parse(text, out IReadOnlyList<RuleError> errors));

        RuleError error = Assert.Single(errors);
        Assert.StartsWith("no request can match this rule", error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host(`a`) && !Host(`b`)")]
    [InlineData("PathPrefix(`/a`) && !PathPrefix(`/a/`)")]
    [InlineData("PathPrefix(`/a`) && PathPrefix(`/a/b`)")]
    [InlineData("Header(`X`, `1`) && Header(`X`, `2`)")]
    [InlineData("(Host(`a`) || Host(`b`)) && (Host(`b`) || Host(`c`))")]
    public void Parse_RuleSomeRequestCanMatch_IsAccepted(string text)
    {
        Assert.NotNull(RuleParser.Parse(text, out IReadOnlyList<RuleError> errors));
        Assert.Empty(errors);
    }

    [Fact]
    public void Parse_SeveralFaultyValues_ReportsAll()
    {
        RuleParser.Parse("Host(`a b`) && Path(`x`) || Hots(`a`) || Method(`?`)", out IReadOnlyList<RuleError> errors);

        Assert.Equal([6, 21, 29, 49], [.. ((List<RuleError>)errors).ConvertAll(error => error.Column)]);
    }

    [Theory]
    [InlineData('(', ')')]
    [InlineData('!', ' ')]
    public void Parse_NestedToTheLimit_IsReadAndDeeperIsRefused(char open, char close)
    {
        string Nested(int depth) => new string(open, depth) + "Path(`/a`)" + new string(close, depth);

        Assert.NotNull(RuleParser.Parse(Nested(RuleLimits.NestingMax), out _));
        Assert.Null(RuleParser.Parse(Nested(RuleLimits.NestingMax + 1), out IReadOnlyList<RuleError> errors));
        Assert.Equal(RuleLimits.NestingMax + 1, errors[0].Column);
        Assert.Null(RuleParser.Parse(Nested(RuleLimits.TextCharsMax / 3), out errors));
        Assert.Contains("nested", errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LongerThanTheLimit_IsRefused()
    {
        string text = new(' ', RuleLimits.TextCharsMax + 1);

        Assert.Null(RuleParser.Parse(text, out IReadOnlyList<RuleError> errors));
        Assert.Contains("characters", errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ThousandHosts_AreOneLevel()
    {
        var text = new StringBuilder("Host(`a0`)");
        for (int i = 1; i < 1_000; i++)
        {
            text.Append(" ||Host(`").Append(i).Append("`)");
        }

        OrRule rule = Assert.IsType<OrRule>(RuleParser.Parse(text.ToString(), out _));
        Assert.Equal(1_000, rule.Parts.Count);
    }

    [Fact]
    public void Parse_TooManyCombinations_IsRefused()
    {
        const string Two = "(Query(`{0}a`) || Query(`{0}b`))";
        string Product(int factors)
        {
            var text = new StringBuilder();
            for (int i = 0; i < factors; i++)
            {
                text.Append(i > 0 ? " && " : "").Append(Two.Replace("{0}", $"{i}", StringComparison.Ordinal));
            }

            return text.ToString();
        }

        Assert.NotNull(RuleParser.Parse(Product(12), out _)); // 4096
        Assert.Null(RuleParser.Parse(Product(13), out IReadOnlyList<RuleError> errors));
        Assert.Contains("combinations", errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnyText_NeverThrowsAndAnswersOneOfTwo()
    {
        string[] words =
        [
            "Host", "HostRegexp", "Path", "PathPrefix", "PathRegexp", "Method", "Header", "HeaderRegexp", "Query",
            "ClientIP", "(", ")", ",", "!", "&&", "||", "`", "\"", "\\", "`a`", "`/a`", "`GET`", "`10.0.0.0/8`",
            "(`a`)", "`[", "`(?", "`^/",
            "\\x", "\\u", "*", "{1,", "}`", "\0", " ", "\u00fc", "\ud800", "%", "/..", "[[:", "\\Q", "$", "|", "+",
        ];
        Gen.Int[0, words.Length - 1].Array[0, 24].Select(picks => string.Concat(Array.ConvertAll(picks, i => words[i])))
            .SampleSame(text =>
            {
                Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);
                Assert.Equal(rule is null, errors.Count > 0);
                foreach (RuleError error in errors)
                {
                    Assert.InRange(error.Column, 1, text.Length + 1);
                }
            }, iter: 30_000);
        Gen.String.SampleSame(text =>
        {
            Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);
            Assert.Equal(rule is null, errors.Count > 0);
        }, iter: 10_000);
    }
}
