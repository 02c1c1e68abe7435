using System.Collections.Generic;
using System.Text;
using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Host;

/// <summary>Only what nobody writes to is given back, of the program itself and what it is mapped with.</summary>
public sealed class StartCodeTests
{
    private static readonly byte[] s_path = "/usr/bin/edge proxy"u8.ToArray();

    [Fact]
    public void TryReadBounds_OwnCode_HasItsBounds()
    {
        bool isCode = StartCode.TryReadBounds(
            "00405000-00c48000 r-xp 00005000 fe:00 1234                       /usr/bin/edge proxy"u8, s_path,
            out nuint start, out nuint end);

        Assert.Equal((true, (nuint)0x405000, (nuint)0xc48000), (isCode, start, end));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7fff0000-7fff1000 r-xp 00000000 00:00 0")]
    [InlineData("00405000-00c48000 rw-p 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 rwxp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 r-xp 00005000 fe:00 1234 /usr/lib/libssl.so.3")]
    [InlineData("00405000-00c48000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy (deleted)")]
    [InlineData("0040z000-00c48000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00c48000-00405000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy")]
    public void TryReadBounds_AnythingElse_Stays(string line) =>
        Assert.False(StartCode.TryReadBounds(Bytes(line), s_path, out _, out _));

    [Theory]
    [InlineData("00405000-00c48000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy")]
    [InlineData("00405000-00c48000 r-xp 00005000 fe:00 1234 /usr/lib/x86_64-linux-gnu/libc.so.6")]
    [InlineData("00405000-00c48000 r--p 00005000 fe:00 1234 /lib/libm.so.6")]
    public void TryReadBounds_ConstantsAndTheCLibrary_AreGivenBackToo(string line) =>
        Assert.True(StartCode.TryReadBounds(Bytes(line), s_path, out _, out _));

    [Theory]
    [InlineData("Anonymous:             0 kB", true)]
    [InlineData("Swap:                  0 kB", true)]
    [InlineData("Swap:                  4 kB", false)]
    [InlineData("Anonymous:             8 kB", false)]
    [InlineData("Anonymous:            10 kB", false)]
    public void IsNothing_OnlyIfNoPageWasWrittenTo(string line, bool isNothing) =>
        Assert.Equal(isNothing, StartCode.IsNothing(Bytes(line)));

    [Fact]
    public void Take_OnlyWhatWasNeverWrittenTo_IsGivenBack()
    {
        var given = new List<(nuint, nuint)>();
        StartCode.MappedRange range = default;
        foreach (string line in (string[])
        [
            "1000-2000 r-xp 00005000 fe:00 1234 /usr/bin/edge proxy", "Rss: 4 kB", "Anonymous:             0 kB",
            "AnonHugePages:         0 kB", "Swap:                  0 kB", "SwapPss:               0 kB",
            "2000-3000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy", "Rss: 4 kB", "Anonymous:             4 kB",
            "AnonHugePages:         0 kB", "Swap:                  0 kB",
            "3000-4000 rw-p 00005000 fe:00 1234 /usr/bin/edge proxy", "Rss: 4 kB", "Anonymous:             0 kB",
            "Swap:                  0 kB",
            "4000-5000 rw-p 00000000 00:00 0", "Anonymous:             0 kB", "Swap:                  0 kB",
            "5000-6000 r--p 00005000 fe:00 1234 /lib/libc.so.6", "Anonymous:             0 kB",
            "Swap:                  0 kB",

            // Written to, and swapped out since; and what does not say.
            "6000-7000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy", "Rss: 4 kB", "Anonymous:             0 kB",
            "Swap:                  4 kB",
            "7000-8000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy", "Anonymous:             0 kB",
            "8000-9000 r--p 00005000 fe:00 1234 /usr/bin/edge proxy", "Swap:                  0 kB",
        ])
        {
            StartCode.Take(Bytes(line), s_path, ref range, (start, end) => given.Add((start, end)));
        }

        Assert.Equal([((nuint)0x1000, (nuint)0x2000), (0x5000, 0x6000)], given);
    }

    private static byte[] Bytes(string line) => Encoding.UTF8.GetBytes(line);
}
