using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Host;

/// <summary>Only code of the program itself is given back.</summary>
public sealed class StartCodeTests
{
    private const string Path = "/usr/bin/edge proxy";

    [Fact]
    public void TryReadCode_OwnCode_HasItsBounds()
    {
        bool isCode = StartCode.TryReadCode(
            "00405000-00c48000 r-xp 00005000 fe:00 1234                       /usr/bin/edge proxy", Path,
            out nuint start, out nuint end);

        Assert.Equal((true, (nuint)0x405000, (nuint)0xc48000), (isCode, start, end));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7fff0000-7fff1000 r-xp 00000000 00:00 0")]
    [InlineData("00405000-00c48000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 rw-p 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 rwxp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 r-xp 00005000 fe:00 1234 /usr/lib/libc.so.6")]
    [InlineData("00405000-00c48000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy (deleted)")]
    [InlineData("0040z000-00c48000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00c48000-00405000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    public void TryReadCode_AnythingElse_Stays(string line) =>
        Assert.False(StartCode.TryReadCode(line, Path, out _, out _));
}
