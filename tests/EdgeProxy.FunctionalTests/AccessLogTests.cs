using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>[access_log] of a running proxy.</summary>
public sealed class AccessLogTests : IDisposable
{
    private const int SignalUser1 = 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-log-");

    private string LogFile => Path.Combine(_folder.FullName, "access.log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Stderr_ALinePerRequest_WithoutItsSecrets()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = "[access_log]\noutput = \"stderr\"\nheaders = [\"User-Agent\"]",
        });

        RawResponse response = await RawClient.OnceAsync(proxy.Port,
            "GET /shop?token=s3cret HTTP/1.1\r\nHost: a.test\r\nUser-Agent: x\"y\r\nAuthorization: Bearer s3cret\r\n"
                + "Connection: close\r\n\r\n");
        Assert.Equal(200, response.Status);

        string text = await proxy.WaitForLineAsync("\"path\":\"/shop\"");
        Assert.DoesNotContain("s3cret", text);
        JsonElement line = JsonDocument.Parse(text).RootElement;
        Assert.Equal(("127.0.0.1", "GET", "a.test", "token=REDACTED", 200, "all", "app", 1),
            (Text(line, "client_address"), Text(line, "method"), Text(line, "host"), Text(line, "query"),
            line.GetProperty("status").GetInt32(), Text(line, "router"), Text(line, "service"),
            line.GetProperty("tries").GetInt32()));
        Assert.Equal($"127.0.0.1:{server.Port}", Text(line, "server"));
        Assert.Equal("x\"y", line.GetProperty("headers").GetProperty("User-Agent").GetString());
        Assert.Equal(Assert.Single(server.Requests).Head.One("X-Request-Id"), Text(line, "request_id"));
        Assert.Equal(ProxyProcess.HashOf(proxy.Config.ToToml()), Text(line, "config"));
        Assert.True(DateTimeOffset.UtcNow - line.GetProperty("time").GetDateTimeOffset() < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task File_Filters_User1ReopensIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "PathPrefix(`/a`)",
            More = $"[access_log]\noutput = \"{LogFile}\"\nformat = \"combined\"\nstatuses = [\"404\"]",
        });
        await RawClient.GetAsync(proxy.Port, "/a");
        await RawClient.GetAsync(proxy.Port, "/none");
        await WaitForLinesAsync(LogFile, 1);

        File.Move(LogFile, LogFile + ".1");
        int lines = proxy.Stderr.Count;
        proxy.Signal(SignalUser1);
        await proxy.WaitForLineAsync("logs reopened", lines);
        await RawClient.GetAsync(proxy.Port, "/later");
        await WaitForLinesAsync(LogFile, 1);

        Assert.Matches("^127\\.0\\.0\\.1 - - \\[.*\\] \"GET /none HTTP/1.1\" 404 \\d+ \"-\" \"-\"\n$",
            File.ReadAllText(LogFile + ".1"));
        Assert.Contains("GET /later ", File.ReadAllText(LogFile));
    }

    [Fact]
    public async Task Reload_AnotherFile_AndWhatCannotBeOpened_IsRefused()
    {
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { More = $"[access_log]\noutput = \"{LogFile}\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await RawClient.GetAsync(proxy.Port, "/one");
        await WaitForLinesAsync(LogFile, 1);

        config.More = $"[access_log]\noutput = \"{LogFile}.b\"";
        await proxy.ReloadAsync();
        await RawClient.GetAsync(proxy.Port, "/two");
        await WaitForLinesAsync(LogFile + ".b", 1);
        Assert.Single(File.ReadAllLines(LogFile));

        config.More = $"[access_log]\noutput = \"{LogFile}/none/c\"";
        proxy.WriteConfig(config.ToToml());
        int lines = proxy.Stderr.Count;
        proxy.Hangup();
        await proxy.WaitForLineAsync("access_log: ", lines);
        await RawClient.GetAsync(proxy.Port, "/three");
        await WaitForLinesAsync(LogFile + ".b", 2);
    }

    [Fact]
    public async Task Http2_IsTold()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "h2c = true",
            More = $"[access_log]\noutput = \"{LogFile}\"\nformat = \"common\"",
        });
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Headers(1, true, ":method: GET", ":scheme: http", ":path: /two", ":authority: a.test");
        await client.SendAsync();
        await client.EndOfAsync(1);
        await WaitForLinesAsync(LogFile, 1);

        Assert.Contains("\"GET /two HTTP/2.0\" 200 ", File.ReadAllText(LogFile));
    }

    [Fact]
    public async Task Ends_WhatWasRecordedIsWritten()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Loops = 2, More = $"[access_log]\noutput = \"{LogFile}\"" });
        for (int i = 0; i < 50; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        Assert.Equal(50, File.ReadAllLines(LogFile).Length);
    }

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();

    private static Task WaitForLinesAsync(string file, int count) => Eventually.TrueAsync(
        () => Task.FromResult(File.Exists(file) && File.ReadAllLines(file).Length == count), $"{count} lines in {file}");
}
