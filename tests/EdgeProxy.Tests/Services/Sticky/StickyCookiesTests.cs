using System;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services.Sticky;
using Xunit;

namespace EdgeProxy.Tests.Services.Sticky;

/// <summary>What a sticky cookie says, and what of a client's is believed.</summary>
public class StickyCookiesTests
{
    private static readonly string[] s_names = ["10.0.0.5:8080", "10.0.0.6:8080", "[2001:db8::1]:80"];

    private static readonly StickySettings s_settings = new()
    {
        Key = new Sequence<byte>(Enumerable.Repeat((byte)7, 32)),
        Name = "node",
    };

    [Fact]
    public void SetCookie_Defaults()
    {
        var cookies = new StickyCookies(s_settings, "app", s_names);

        Assert.Matches("^node=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax$", Text(cookies, 0, isSecure: false));
        Assert.Matches("^node=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax; Secure$", Text(cookies, 0, isSecure: true));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    public void SetCookie_SecureIsSet_HoldsOnAnyConnection(bool secure, bool isSecure, bool says)
    {
        var cookies = new StickyCookies(s_settings with { Secure = secure }, "app", s_names);

        Assert.Equal(says, Text(cookies, 0, isSecure).EndsWith("; Secure", StringComparison.Ordinal));
    }

    [Fact]
    public void SetCookie_EveryAttribute()
    {
        StickySettings settings = s_settings with
        {
            HttpOnly = false,
            SameSite = SameSite.None,
            Secure = true,
            Domain = "a.test",
            Path = "/shop",
            MaxAge = TimeSpan.FromMinutes(90),
        };

        string text = Text(new StickyCookies(settings, "app", s_names), 1, isSecure: false);

        Assert.EndsWith("; Path=/shop; Domain=a.test; Max-Age=5400; SameSite=None; Secure", text);
    }

    [Fact]
    public void PlaceOf_OwnValue_IsItsPlace()
    {
        var cookies = new StickyCookies(s_settings, "app", s_names);

        for (int place = 0; place < s_names.Length; place++)
        {
            Assert.Equal(place, cookies.PlaceOf(Token(cookies, place)));
        }
    }

    [Fact]
    public void PlaceOf_AfterARestart_OrInAnotherOrder_IsTheSameServer()
    {
        byte[] token = Token(new StickyCookies(s_settings, "app", s_names), 2);

        Assert.Equal(0, new StickyCookies(s_settings, "app", [.. s_names.Reverse()]).PlaceOf(token));
        Assert.Equal(-1, new StickyCookies(s_settings, "app", s_names[..2]).PlaceOf(token));
    }

    [Fact]
    public void PlaceOf_OtherKeyOrService_IsNone()
    {
        byte[] token = Token(new StickyCookies(s_settings, "app", s_names), 0);
        StickySettings otherKey = s_settings with { Key = new Sequence<byte>(Enumerable.Repeat((byte)8, 32)) };

        Assert.Equal(-1, new StickyCookies(otherKey, "app", s_names).PlaceOf(token));
        Assert.Equal(-1, new StickyCookies(s_settings, "app2", s_names).PlaceOf(token));
    }

    [Fact]
    public void PlaceOf_HostileValues_IsNone()
    {
        var cookies = new StickyCookies(s_settings, "app", s_names);
        byte[] token = Token(cookies, 0);

        Assert.Equal(-1, cookies.PlaceOf([]));
        Assert.Equal(-1, cookies.PlaceOf("10.0.0.5:8080"u8));
        Assert.Equal(-1, cookies.PlaceOf(new byte[22]));
        Assert.Equal(-1, cookies.PlaceOf(new byte[1 << 16]));
        for (int length = 0; length < token.Length; length++)
        {
            Assert.Equal(-1, cookies.PlaceOf(token.AsSpan(0, length)));
        }

        for (int bit = 0; bit < token.Length * 8; bit++)
        {
            byte[] changed = [.. token];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(-1, cookies.PlaceOf(changed));
        }

        Assert.Equal(-1, cookies.PlaceOf([.. token, (byte)'=']));
    }

    [Fact]
    public void Name_Default_IsOfTheServiceAndDoesNotTellIt()
    {
        StickySettings settings = s_settings with { Name = "" };
        string a = Encoding.ASCII.GetString(new StickyCookies(settings, "app", s_names).Name.Span);
        string b = Encoding.ASCII.GetString(new StickyCookies(settings, "shop", s_names).Name.Span);

        Assert.Matches(new Regex("^_[0-9a-f]{8}$"), a);
        Assert.NotEqual(a, b);
    }

    [Fact]
    public void PlaceOf_Warm_AllocatesNothing()
    {
        var cookies = new StickyCookies(s_settings, "app", s_names);
        byte[] token = Token(cookies, 1);

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                _ = cookies.PlaceOf(token);
                _ = cookies.SetCookie(2, isSecure: true);
            }
        });
    }

    private static string Text(StickyCookies cookies, int place, bool isSecure) =>
        Encoding.ASCII.GetString(cookies.SetCookie(place, isSecure));

    private static byte[] Token(StickyCookies cookies, int place) =>
        Encoding.ASCII.GetBytes(Regex.Match(Text(cookies, place, isSecure: false), "=([^;]*);").Groups[1].Value);
}
