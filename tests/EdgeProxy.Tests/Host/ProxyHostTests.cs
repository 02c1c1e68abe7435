using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Host;
using EdgeProxy.Host.Logging;
using EdgeProxy.Pipeline;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed class ProxyHostTests : IAsyncDisposable
{
    private readonly FakeDataPath _dataPath = new();
    private readonly ManualTime _time = new();
    private readonly StderrLog _log;
    private readonly ProxyHost _host;
    private LoadedConfig _next = SettingsForTest.Good("aaaa", "orders");
    private bool _isChanged;

    public ProxyHostTests()
    {
        var shell = new Shell { Time = _time, DataPath = _dataPath.Factory, Variable = _ => null };
        _log = new StderrLog(Stream.Null, _time, isTerminal: false, isJournal: false);
        _host = new ProxyHost(shell, _log, ConfigSource.Of("test.toml", () => _next), _ => () => _isChanged);
    }

    [Fact]
    public async Task Start_GoodConfig_IsReadyOnceSignalsAreTaken()
    {
        Assert.Equal(503, await ReadyzAsync());

        // Served is not ready: a TERM between the start and the taking of signals would end us without a drain.
        Assert.True(_host.Start().Ok);
        Assert.Equal(503, await ReadyzAsync());
        _host.AnnounceReady();

        Assert.Equal(200, await ReadyzAsync());
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 77)]
    public void Start_EngineRefuses_GivesTheExitCode(bool notPermitted, int code)
    {
        _dataPath.RefuseWith = "address in use";
        _dataPath.RefuseNotPermitted = notPermitted;

        Assert.Equal(code, ExitCodes.Of(_host.Start()));
    }

    [Fact]
    public void Start_FaultyConfig_Is78()
    {
        _next = SettingsForTest.Bad(SettingsForTest.Fault);

        Assert.Equal(78, ExitCodes.Of(_host.Start()));
    }

    [Fact]
    public void Start_UnreadableFile_Is77()
    {
        _next = SettingsForTest.Bad(SettingsForTest.Fault) with { NotPermitted = true };

        Assert.Equal(77, ExitCodes.Of(_host.Start()));
    }

    [Fact]
    public async Task Serve_StoppedOnce_DrainsWithinTheLimitAndEndsWell()
    {
        _host.Start();
        Task<int> serving = _host.ServeAsync();
        _host.Stop();
        await WaitForAsync(() => _dataPath.DrainLimit is not null);

        Assert.Equal(503, await ReadyzAsync());
        Assert.Equal(TimeSpan.FromSeconds(10), _dataPath.DrainLimit);
        _dataPath.FinishDraining();
        Assert.Equal(0, await serving);
    }

    [Fact]
    public async Task Serve_StoppedTwice_EndsWithoutWaitingForTheDrain()
    {
        _host.Start();
        Task<int> serving = _host.ServeAsync();
        _host.Stop();
        _host.Stop();

        Assert.Equal(1, await serving);
    }

    [Fact]
    public async Task Reload_OverTheAdminApi_AnswersTheOutcome()
    {
        _host.Start();
        _next = SettingsForTest.Good("bbbb");

        LocalAnswer answer = await AskAsync("POST", "/api/v1/reload");

        Assert.Equal(200, answer.Status);
        Assert.Contains("\"hash\":\"bbbb\"", Encoding.UTF8.GetString(answer.Body.Span));
    }

    [Fact]
    public void Watch_FileChanged_ReloadsAtTheNextLook()
    {
        _host.Start();
        _next = SettingsForTest.Good("bbbb");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["aaaa"], _dataPath.Applied);

        _isChanged = true;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["aaaa", "bbbb"], _dataPath.Applied);
    }

    [Fact]
    public async Task Metrics_OfHostReloaderAndEngine_AreOneAnswer()
    {
        _host.Start();

        string text = Encoding.UTF8.GetString((await AskAsync("GET", "/metrics")).Body.Span);

        Assert.Contains("edgeproxy_build_info{version=", text);
        Assert.Contains("edgeproxy_config_reloads_total{outcome=\"ok\"} 1\n", text);
        Assert.Contains("fake_connections 3\n", text);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _log.Dispose();
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < limit, "did not happen");
            await Task.Yield();
        }
    }

    private async Task<int> ReadyzAsync() => (await AskAsync("GET", "/readyz")).Status;

    private ValueTask<LocalAnswer> AskAsync(string method, string path) =>
        _dataPath.Parts!.Admin.AnswerAsync(new LocalRequest(method, path, "", "127.0.0.1:7171", HasOrigin: false));
}
