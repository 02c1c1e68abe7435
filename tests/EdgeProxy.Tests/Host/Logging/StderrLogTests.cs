using System.IO;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Host.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EdgeProxy.Tests.Host.Logging;

public sealed class StderrLogTests
{
    [Theory]
    [InlineData(true, "auto", "time=")]
    [InlineData(false, "auto", "{\"time\"")]
    [InlineData(true, "json", "{\"time\"")]
    [InlineData(false, "text", "time=")]
    public void Log_FormFollowsTerminalAndSettings(bool isTerminal, string format, string start)
    {
        string text = LogOne(isTerminal, new LogSettings { Format = format }, LogLevel.Information);

        Assert.StartsWith(start, text);
    }

    [Theory]
    [InlineData("debug", LogLevel.Debug, true)]
    [InlineData("info", LogLevel.Debug, false)]
    [InlineData("info", LogLevel.Information, true)]
    [InlineData("warning", LogLevel.Information, false)]
    [InlineData("error", LogLevel.Warning, false)]
    [InlineData("error", LogLevel.Error, true)]
    public void Log_BelowTheLevel_IsLeftOut(string setting, LogLevel level, bool isWritten)
    {
        string text = LogOne(true, new LogSettings { Level = setting }, level);

        Assert.Equal(isWritten, text.Length > 0);
    }

    [Fact]
    public void Log_CategoryOfTheHouse_LosesThePrefix()
    {
        Assert.Contains(" from=Host.Thing ", LogOne(true, new LogSettings(), LogLevel.Error));
    }

    private static string LogOne(bool isTerminal, LogSettings settings, LogLevel level)
    {
        var stream = new MemoryStream();
        using (var log = new StderrLog(stream, new ManualTime(), isTerminal, isJournal: false))
        {
            log.Follow(settings);
            log.CreateLogger("EdgeProxy.Host.Thing").Log(level, new EventId(7), "said", null, (s, _) => s);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
