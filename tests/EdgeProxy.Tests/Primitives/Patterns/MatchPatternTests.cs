using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Patterns;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Patterns;

public class MatchPatternTests
{
    [Theory]
    [InlineData("^/v[0-9]+", "/v12/a", 0, 4)]
    [InlineData("/a+?", "/aaa", 0, 2)]
    [InlineData("a|ab", "ab", 0, 1)]
    [InlineData("b", "abab", 1, 1)]
    [InlineData("^/api$", "/api/", -1, 0)]
    public void TryFind_FirstMatch_LeftmostAsGoDoes(string pattern, string text, int start, int length)
    {
        bool isFound = Of(pattern).TryFind(Encoding.ASCII.GetBytes(text), out int at, out int count);

        Assert.Equal(start >= 0, isFound);
        Assert.Equal(isFound ? (start, length) : (0, 0), (at, count));
    }

    [Fact]
    public void TryFind_LongerThanTheStack_FindsTheSame()
    {
        byte[] text = Encoding.ASCII.GetBytes(new string('a', 5 * PatternLimits.StackCharsMax) + "b");

        Assert.True(Of("b$").TryFind(text, out int start, out int length));
        Assert.Equal((text.Length - 1, 1), (start, length));
    }

    [Fact]
    public void TryFind_Warm_AllocatesNothing()
    {
        MatchPattern pattern = Of("/v([0-9]+)/");
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.True(pattern.IsMatch("/a/v12/b"u8));
                Assert.False(pattern.IsMatch("/a/w12/b"u8));
            }
        });
    }

    [Fact]
    public void Create_UngreedyFlag_IsRefusedWhereTheMatchMatters()
    {
        Assert.Null(MatchPattern.Create("(?U)a+", out PatternError error));
        Assert.Contains("flags i, m, s may follow", error.Message);
        Assert.NotNull(UserPattern.Create("(?U)a+", out _));
    }

    [Fact]
    public void Equals_SameSource_IsEqual()
    {
        Assert.Equal(Of("a+"), Of("a+"));
        Assert.NotEqual(Of("a+"), Of("a*"));
    }

    // Expected values: Go's regexp.ReplaceAllString.
    [Theory]
    [InlineData("^/api/(.*)", "/v1/$1", "/api/users", "/v1/users")]
    [InlineData("a(x*)b", "${1}W", "-ab-axxb-", "-W-xxW-")]
    [InlineData("(?P<year>[0-9]+)-([0-9]+)", "${2}/${year}", "2026-11", "11/2026")]
    [InlineData("a*", "x", "baac", "xbxcx")]
    [InlineData("b", "$$", "abab", "a$a$")]
    [InlineData("(a)|(b)", "[$2]", "ab", "[][b]")]
    [InlineData("(?:a)(b)", "$0$1", "ab", "abb")]
    public void Apply_AsGoReplaces(string pattern, string replacement, string text, string expected)
    {
        (ReplaceStatus status, string result, List<int> origins) = Apply(pattern, replacement, text);

        Assert.Equal(ReplaceStatus.Replaced, status);
        Assert.Equal(expected, result);
        Assert.Equal(result.Length, origins.Count);
        Assert.All(Enumerable.Range(0, result.Length).Where(i => origins[i] >= 0),
            i => Assert.Equal(text[origins[i]], result[i]));
    }

    [Fact]
    public void Apply_NoMatch_SaysSo() => Assert.Equal(ReplaceStatus.NoMatch, Apply("^a", "b", "ca").Status);

    [Fact]
    public void Apply_ResultGrowsPastItsLimit_StopsThere()
    {
        string text = new('a', 2 * PatternLimits.ResultCharsMax);

        Assert.Equal(ReplaceStatus.TooLong, Apply("a", new string('b', 1000), text).Status);
    }

    [Theory]
    [InlineData("$1x", "names the group '1x'")]
    [InlineData("${2}", "names the group '2'")]
    [InlineData("$other", "names the group 'other'")]
    [InlineData("a$", "'$' without a group")]
    [InlineData("${1", "'$' without a group")]
    [InlineData("$-", "'$' without a group")]
    public void Parse_BadReplacement_SaysWhy(string replacement, string problem)
    {
        Assert.Null(Replacement.Parse(replacement, Of("(?P<name>a)").Groups, out string found));
        Assert.Contains(problem, found);
    }

    private static MatchPattern Of(string pattern)
    {
        MatchPattern? created = MatchPattern.Create(pattern, out PatternError error);
        Assert.True(created is not null, error.Message);
        return created;
    }

    private static (ReplaceStatus Status, string Text, List<int> Origins) Apply(
        string pattern, string replacement, string text)
    {
        MatchPattern match = Of(pattern);
        Replacement? parsed = Replacement.Parse(replacement, match.Groups, out string problem);
        Assert.True(parsed is not null, problem);
        var result = new StringBuilder();
        var origins = new List<int>();
        ReplaceStatus status = parsed.Apply(match, text, result, origins);
        return (status, result.ToString(), origins);
    }
}
