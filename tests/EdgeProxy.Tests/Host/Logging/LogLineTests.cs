using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using EdgeProxy.Host.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EdgeProxy.Tests.Host.Logging;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset At = new(2026, 9, 1, 14, 0, 0, 42, TimeSpan.FromHours(2));

    [Fact]
    public void Write_Text_IsOneLogfmtLineInUtc()
    {
        string line = Write(Entry("ready"), LogForm.Text);

        Assert.Equal("time=2026-09-01T12:00:00.042Z level=info from=Host.ProxyHost event=11001 msg=\"ready\"\n", line);
    }

    [Fact]
    public void Write_TextWithControlBytes_StaysOneLineAndHarmless()
    {
        string line = Write(Entry("a\nb\r\"c\"\\ \u001b[31mred\u009b"), LogForm.Text);

        Assert.EndsWith("msg=\"a\\nb\\r\\\"c\\\"\\\\ \\u001b[31mred\\u009b\"\n", line);
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
    }

    [Fact]
    public void Write_Json_CarriesFieldsAndValues()
    {
        LogEntry entry = Entry(
            "server up", LogLevel.Information, null,
            new("Service", "orders"), new("Port", 8080), new("Share", 0.5), new("Ok", true), new("Gone", null),
            new("{OriginalFormat}", "server up"));

        using JsonDocument json = JsonDocument.Parse(Write(entry, LogForm.Json));

        Assert.Equal("2026-09-01T12:00:00.042Z", json.RootElement.GetProperty("time").GetString());
        Assert.Equal("info", json.RootElement.GetProperty("level").GetString());
        Assert.Equal(11001, json.RootElement.GetProperty("event").GetInt32());
        Assert.Equal("server up", json.RootElement.GetProperty("msg").GetString());
        Assert.Equal(
            """{"Service":"orders","Port":8080,"Share":0.5,"Ok":true,"Gone":null}""",
            json.RootElement.GetProperty("values").GetRawText());
    }

    [Fact]
    public void Write_JsonWithLineFeed_IsOneLine()
    {
        string line = Write(Entry("a\nb"), LogForm.Json);

        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
    }

    [Theory]
    [InlineData(LogLevel.Debug, "<7>")]
    [InlineData(LogLevel.Information, "<6>")]
    [InlineData(LogLevel.Warning, "<4>")]
    [InlineData(LogLevel.Error, "<3>")]
    [InlineData(LogLevel.Critical, "<2>")]
    public void Write_ForTheJournal_StartsWithThePriority(LogLevel level, string prefix)
    {
        Assert.StartsWith(prefix + "{", Write(Entry("x", level), LogForm.Json, withPriority: true));
    }

    [Fact]
    public void Write_Exception_IsInTheLine()
    {
        LogEntry entry = Entry("failed", LogLevel.Error, new InvalidOperationException("why"));

        Assert.Contains("error=\"System.InvalidOperationException: why\"", Write(entry, LogForm.Text));
        Assert.Contains("\"error\":\"System.InvalidOperationException: why\"", Write(entry, LogForm.Json));
    }

    private static string Write(LogEntry entry, LogForm form, bool withPriority = false) =>
        Encoding.UTF8.GetString(LogLine.Write(entry, form, withPriority));

    private static LogEntry Entry(
        string message,
        LogLevel level = LogLevel.Information,
        Exception? exception = null,
        params KeyValuePair<string, object?>[] values) => new()
        {
            Time = At,
            Level = level,
            From = "Host.ProxyHost",
            EventId = 11001,
            Message = message,
            Values = values.Length > 0 ? values : null,
            Exception = exception,
        };
}
