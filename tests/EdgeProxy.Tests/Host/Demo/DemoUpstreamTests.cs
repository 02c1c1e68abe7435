using System;
using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Host;
using EdgeProxy.Host.Demo;
using Xunit;

namespace EdgeProxy.Tests.Host.Demo;

public sealed class DemoUpstreamTests : IAsyncDisposable
{
    private readonly List<DemoVisit> _visits = [];
    private readonly DemoUpstream _upstream;

    public DemoUpstreamTests()
    {
        _upstream = new DemoUpstream("blue", TimeProvider.System, visit =>
        {
            lock (_visits)
            {
                _visits.Add(visit);
            }
        });
    }

    [Fact]
    public async Task Answer_Get_SaysWhoAndWhat()
    {
        RawAnswer answer = await AskAsync("GET", "/hello");

        Assert.Equal(200, answer.Status);
        Assert.Equal("blue", answer.Field("X-Demo-Server"));
        Assert.Equal(
            "{\"server\":\"blue\",\"method\":\"GET\",\"path\":\"/hello\",\"body\":\"\"}\n",
            Encoding.UTF8.GetString(answer.Body));
        Assert.Equal([new DemoVisit("blue", "GET", "/hello", "demo.example", 200, false)], _visits);
    }

    [Fact]
    public async Task Answer_Post_EchoesTheBody()
    {
        RawAnswer answer = await AskAsync("POST", "/x", body: "how do you do");

        Assert.Contains("\"body\":\"how do you do\"", Encoding.UTF8.GetString(answer.Body));
    }

    [Fact]
    public async Task Answer_Head_HasNoBody()
    {
        RawAnswer answer = await AskAsync("HEAD", "/x");

        Assert.Empty(answer.Body);
        Assert.NotEqual("0", answer.Field("Content-Length"));
    }

    [Theory]
    [InlineData("/status/503", 503)]
    [InlineData("/status/204", 204)]
    [InlineData("/status/7", 200)]
    [InlineData("/status/x", 200)]
    public async Task Answer_StatusPath_AnswersIt(string path, int status) =>
        Assert.Equal(status, (await AskAsync("GET", path)).Status);

    [Fact]
    public async Task Answer_Events_AreChunksThatEnd()
    {
        RawAnswer answer = await AskAsync("GET", "/events");

        string body = Encoding.UTF8.GetString(answer.Body);
        Assert.Contains("data: blue 1 of 5\n\n", body);
        Assert.EndsWith("0\r\n\r\n", body);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/var/lib/demo/audit")]
    public async Task Configuration_OfTheDemo_HasNoFault(string auditFolder)
    {
        await using var green = new DemoUpstream("green", TimeProvider.System, _ => { });
        string text = DemoConfiguration.Write(_upstream.Address, green.Address, "/var/lib/demo", auditFolder);

        ProxySettings? settings = ConfigFile.Parse(text, "demo.toml", ConfigEnvironment.OfProcess, out var faults);

        Assert.Empty(faults);
        Assert.Equal(6, settings?.Routers.Count);
        Assert.Equal(auditFolder.Length > 0, settings?.Audit is not null);
    }

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();

    private async Task<RawAnswer> AskAsync(string method, string path, string? body = null)
    {
        (RawAnswer? answer, string reason) = await OneRequest.SendAsync(
            _upstream.Address, method, path, "demo.example", body: body, stop: TestContext.Current.CancellationToken);
        Assert.Empty(reason);
        return answer!;
    }
}
