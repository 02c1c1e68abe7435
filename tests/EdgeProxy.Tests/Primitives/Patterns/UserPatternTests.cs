using System;
using System.Collections.Generic;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using EdgeProxy.Primitives.Patterns;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Patterns;

public class UserPatternTests
{
    [Theory]
    [InlineData("^/api", "/api/x", true)]
    [InlineData("^/api", "/ap", false)]
    [InlineData("^/api$", "/api", true)]
    [InlineData("^/api$", "/api/", false)]
    [InlineData("a$", "ba", true)]
    [InlineData("a$", "a\n", false)]
    [InlineData("(?m)a$", "a\nb", true)]
    [InlineData("(?m:a$)b", "ab", false)]
    [InlineData("(?m:a)$", "a\n", false)]
    [InlineData("a.c", "abc", true)]
    [InlineData("a.c", "a\nc", false)]
    [InlineData("(?s)a.c", "a\nc", true)]
    [InlineData("(?i)ABC", "xabc", true)]
    [InlineData("(?U)a+?b", "aab", true)]
    [InlineData("(?i-s:A)b", "ab", true)]
    [InlineData("(?i:A)b", "aB", false)]
    [InlineData("(?P<name>a)(?<other>b)(c)(?:d)", "abcd", true)]
    [InlineData("^\\d+$", "12", true)]
    [InlineData("^\\d+$", "\u0661", false)]
    [InlineData("^\\D$", "\u0661", true)]
    [InlineData("^\\w$", "_", true)]
    [InlineData("^\\w$", "\u00e9", false)]
    [InlineData("^\\W$", "\u00e9", true)]
    [InlineData("^\\s$", "\t", true)]
    [InlineData("^\\s$", "\u00a0", false)]
    [InlineData("^\\S$", "\u00a0", true)]
    [InlineData("^[\\w-]+$", "a-b_c", true)]
    [InlineData("^[^\\d]$", "a", true)]
    [InlineData("^[^\\d]$", "1", false)]
    [InlineData("^[\\D1]$", "1", true)]
    [InlineData("^[[:alpha:]_]+$", "aB_", true)]
    [InlineData("^[[:alpha:]_]+$", "a1", false)]
    [InlineData("^[^[:space:]]$", " ", false)]
    [InlineData("^[a-z-[aeiou]]$", "[]", true)]
    [InlineData("^[a-z-[aeiou]]$", "b", false)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[^]a]+$", "b", true)]
    [InlineData("^[-a]+$", "a-", true)]
    [InlineData("^[a\\]\\-]+$", "a]-", true)]
    [InlineData("^[+--]+$", ",", true)]
    [InlineData("\\Qa.b*\\E$", "a.b*", true)]
    [InlineData("\\Qa.b*\\E$", "axbb", false)]
    [InlineData("^\\Qa.b", "a.bc", true)]
    [InlineData("^\\x41\\x{42}$", "AB", true)]
    [InlineData("^\\.\\/\\-\\_$", "./-_", true)]
    [InlineData("^\\t\\n\\r\\f\\v\\a$", "\t\n\r\f\v\a", true)]
    [InlineData("^a{2}$", "aa", true)]
    [InlineData("^a{2,}$", "aaa", true)]
    [InlineData("^a{,2}$", "a{,2}", true)]
    [InlineData("^{x}$", "{x}", true)]
    [InlineData("^a{2,3}b$", "aaaab", false)]
    [InlineData("\\bfoo\\b", "a foo b", true)]
    [InlineData("^(a|b)*c", "ababc", true)]
    [InlineData("^/a|/b", "x/b", true)]
    [InlineData("\\A/a\\z", "/a", true)]
    [InlineData("^\\pL+$", "a\u00e9", true)]
    [InlineData("^\\p{Lu}$", "\u00c9", true)]
    [InlineData("^\\P{Lu}$", "a", true)]
    [InlineData("^ #x$", " #x", true)]
    [InlineData("^\u00e9$", "\u00e9", true)]
    [InlineData("^$", "", true)]
    [InlineData("^$", "a", false)]
    [InlineData("^ab?c", "ac", true)]
    [InlineData("^ab+c", "abbc", true)]
    public void IsMatch_GoPattern_MeansWhatItMeansInGo(string source, string text, bool expected)
    {
        UserPattern? pattern = UserPattern.Create(source, out PatternError error);

        Assert.Equal(default, error);
        Assert.Equal(expected, pattern!.IsMatch(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("", 0, "empty")]
    [InlineData("a(?=b)", 1, "lookaround")]
    [InlineData("a(?!b)", 1, "lookaround")]
    [InlineData("(?<=a)b", 0, "lookaround")]
    [InlineData("(?<!a)b", 0, "lookaround")]
    [InlineData("(?>a)", 0, "no other .NET groups")]
    [InlineData("(?#a)", 0, "no other .NET groups")]
    [InlineData("(?x)a b", 0, "no other .NET groups")]
    [InlineData("(?(a)b)", 0, "no other .NET groups")]
    [InlineData("(?", 0, "may follow")]
    [InlineData("(a)\\1", 3, "references back")]
    [InlineData("\\k<a>", 0, "not an escape")]
    [InlineData("\\Ga", 0, "not an escape")]
    [InlineData("a\\Z", 1, "not an escape")]
    [InlineData("\\cA", 0, "not an escape")]
    [InlineData("\\x4", 0, "not an escape")]
    [InlineData("a\\", 1, "ends in a backslash")]
    [InlineData("a(b", 1, "never closed")]
    [InlineData("a)b", 1, "closes nothing")]
    [InlineData("a[b", 1, "never closed")]
    [InlineData("[[:foo:]]", 1, "[:alpha:]")]
    [InlineData("*a", 0, "repeats nothing")]
    [InlineData("a|+", 2, "repeats nothing")]
    [InlineData("a**", 2, "repeats nothing")]
    [InlineData("a{2}{3}", 4, "repeats nothing")]
    [InlineData("a{3,2}", 1, "ends before it starts")]
    [InlineData("a{1001}", 1, "at most 1000")]
    [InlineData("(a{1000}){1000}", 0, "repetitions")]
    [InlineData("(((a{99}){99}){99}){99}", 0, "repetitions")]
    [InlineData("[b-a]", 4, "not valid")]
    [InlineData("\\p{Nothing}", 11, "not valid")]
    public void Create_WhatGoDoesNotHave_IsRefusedWithItsPlace(string source, int offset, string hint)
    {
        Assert.Null(UserPattern.Create(source, out PatternError error));

        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
        Assert.Equal(offset, error.Offset);
    }

    [Theory]
    [InlineData("^/api/v1", "/api/v1")]
    [InlineData("^/api/v[0-9]", "/api/v")]
    [InlineData("^/api\\.x$", "/api.x")]
    [InlineData("^/apis?/", "/api")]
    [InlineData("^/apis*/", "/api")]
    [InlineData("^/apis{0,1}/", "/api")]
    [InlineData("^/apis+/", "/apis")]
    [InlineData("^/a(b|c)", "/a")]
    [InlineData("^/a.b", "/a")]
    [InlineData("^/a|^/b", "")]
    [InlineData("^(/a)", "")]
    [InlineData("/a", "")]
    [InlineData("(?i)^/a", "")]
    [InlineData("^/caf\u00e9", "/caf")]
    [InlineData("\\A/a\\d", "/a")]
    [InlineData("^\\Q/a.b\\E", "/a.b")]
    public void LiteralPrefix_Pattern_IsWhatEveryMatchStartsWith(string source, string prefix)
    {
        UserPattern? pattern = UserPattern.Create(source, out _);

        Assert.Equal(prefix, Encoding.ASCII.GetString(pattern!.LiteralPrefix));
    }

    // Where both dialects agree, the framework's backtracking engine is the oracle.
    [Fact]
    public void IsMatch_AnySimplePattern_AgreesWithTheFramework()
    {
        string[] parts =
            ["a", "b", "/", ".", "[ab]", "[^a]", "(a|b)", "(?:ab)", "a*", "b+", "a?", "(ab){2}", "\\.", "|", "^", "$"];
        Gen<string> source = Gen.Int[0, parts.Length - 1].Array[1, 8]
            .Select(picks => string.Concat(Array.ConvertAll(picks, i => parts[i])));
        Gen<string> text = Gen.Int[0, 3].Array[0, 8]
            .Select(picks => string.Concat(Array.ConvertAll(picks, i => "ab/."[i])));
        Gen.Select(source, Gen.OneOf(Gen.Const("^"), Gen.Const("")), text.Array[6]).SampleSame((body, start, texts) =>
        {
            if (UserPattern.Create(start + body, out _) is not { } pattern)
            {
                return;
            }

            var oracle = new Regex(start + body);
            foreach (string t in texts)
            {
                Assert.Equal(oracle.IsMatch(t), pattern.IsMatch(Encoding.ASCII.GetBytes(t)));
            }
        }, iter: 1_500);
    }

    [Fact]
    public void Create_AnyText_NeverThrows()
    {
        string[] words =
        [
            "a", "[", "]", "(", ")", "(?", "P<n>", ":", "^", "$", "|", "*", "+", "?", "{", "}", "1", ",", "\\", "Q",
            "E", "x", "{41}", "p", "{Lu}", "-", "[:alpha:]", "d", "\u00e9", "\ud800", "\0", "i", "-s", "Z",
        ];
        Gen.Int[0, words.Length - 1].Array[0, 16].Select(picks => string.Concat(Array.ConvertAll(picks, i => words[i])))
            .SampleSame(text =>
            {
                UserPattern? pattern = UserPattern.Create(text, out PatternError error);
                Assert.Equal(pattern is null, error.Message is not null);
                Assert.InRange(error.Offset, 0, text.Length);
                pattern?.IsMatch("abc"u8);
            }, iter: 1_500);
    }

    [Fact]
    public void Create_SameSourceTwice_IsCompiledOnce()
    {
        UserPattern? first = UserPattern.Create("^/same-[0-9]+$", out _);

        Assert.Same(first, UserPattern.Create("^/same-[0-9]+$", out _));
        Assert.NotSame(first, UserPattern.Create("^/same-[0-9]*$", out _));
        GC.KeepAlive(first);
    }

    // The classic catastrophe: exponential for a backtracking engine, some microseconds here.
    [Fact]
    public void IsMatch_NestedRepetition_IsLinear()
    {
        UserPattern? pattern = UserPattern.Create("^(a+)+$", out _);

        Assert.False(pattern!.IsMatch(Encoding.ASCII.GetBytes(new string('a', 50_000) + "!")));
    }

    [Fact]
    public void IsMatch_Warm_AllocatesNothing()
    {
        UserPattern pattern = UserPattern.Create("^/v[0-9]+/(orders|carts)/[a-z]+$", out _)!;
        var texts = new List<byte[]> { "/v12/orders/abc"u8.ToArray(), "/v1/nothing"u8.ToArray(), "/x"u8.ToArray() };
        bool isRight = true;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 3_000; i++)
            {
                isRight &= pattern.IsMatch(texts[i % texts.Count]) == (i % texts.Count == 0);
            }
        });

        Assert.True(isRight);
    }
}
