using System;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Detection;

public sealed class BeginningFilterTests
{
    private const string Signs = "abcdABCD01 -_.";

    [Fact]
    public void IndexOf_AnyText_IsNeverBehindTheFirstBeginning()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            int count = 1 + random.Next(40);
            string[] looked = [.. Enumerable.Range(0, count).Select(_ => Text(random, 1 + random.Next(4)))];
            var filter = new BeginningFilter([.. looked.Select(text => Beginning.Of(Encoding.ASCII.GetBytes(text)))]);
            for (int length = 0; length < 70; length++)
            {
                string text = Text(random, length);
                int expected = Enumerable.Range(0, length)
                    .FirstOrDefault(at => looked.Any(one => Begins(text[at..], one)), -1);
                int found = filter.IndexOf(Encoding.ASCII.GetBytes(text));
                Assert.True(expected < 0 || (found >= 0 && found <= expected), $"{found}, not {expected}: {text}");
                Assert.True(looked.Length > 8 || found == expected, $"{found}, not {expected}: {text}");
            }
        }
    }

    [Fact]
    public void IndexOf_TheEndOfTheText_MayBeTheFirstBytesOfOne()
    {
        var filter = new BeginningFilter([Beginning.Of("key"u8)]);
        Assert.Equal(20, filter.IndexOf("....................k"u8));
        Assert.Equal(20, filter.IndexOf("....................ke"u8));
        Assert.Equal(0, filter.IndexOf("ke"u8));
        Assert.Equal(-1, filter.IndexOf("kx"u8));
        Assert.Equal(-1, filter.IndexOf("k.y.ke.ey..k.y.ke.ey.."u8));
        Assert.Equal(-1, filter.IndexOf(""u8));
    }

    [Fact]
    public void IndexOf_SetsOfBytes_AreAnyOfThem()
    {
        var filter = new BeginningFilter([Beginning.OneOf("aA", null, "01"), Beginning.OneOf("z")]);
        Assert.Equal(3, filter.IndexOf("a-xA.1"u8));
        Assert.Equal(2, filter.IndexOf("ayz"u8));
        Assert.Equal(-1, new BeginningFilter([]).IndexOf("................................"u8));
    }

    private static bool Begins(string text, string one)
    {
        int length = Math.Min(Math.Min(text.Length, one.Length), 3);
        return text[..length] == one[..length];
    }

    private static string Text(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => Signs[random.Next(Signs.Length)]));
}
