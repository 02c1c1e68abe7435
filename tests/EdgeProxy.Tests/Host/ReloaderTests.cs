using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.Control;
using EdgeProxy.Host;
using EdgeProxy.Primitives;
using EdgeProxy.Tests.Audit;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed class ReloaderTests : IAsyncDisposable
{
    private readonly FakeDataPath _dataPath = new();
    private readonly MemoryLog _log = new();
    private readonly ManualTime _time = new();
    private readonly Reloader _reloader;
    private LoadedConfig _next = SettingsForTest.Good("aaaa", "orders");

    public ReloaderTests()
    {
        _reloader = new Reloader(ConfigSource.Of("edgeproxy.toml", () => _next), _dataPath, _time, _log);
    }

    [Fact]
    public void Reload_GoodFile_AppliesAndNamesTheHash()
    {
        ReloadOutcome outcome = _reloader.Reload("start");

        Assert.True(outcome.Ok);
        Assert.Equal("aaaa", outcome.Hash);
        Assert.Equal(["aaaa"], _dataPath.Applied);
        Assert.Contains(_log.Lines, line => line.EventId == EventIds.ConfigApplied && line.Message.Contains("aaaa"));
    }

    [Fact]
    public void Reload_FaultyFile_KeepsTheLastGoodOne()
    {
        _reloader.Reload("start");
        _next = SettingsForTest.Bad(SettingsForTest.Fault, SettingsForTest.Fault with { Line = 9 });

        ReloadOutcome outcome = _reloader.Reload("SIGHUP");

        Assert.False(outcome.Ok);
        Assert.Equal("aaaa", outcome.Hash);
        Assert.Equal(2, outcome.Faults.Count);
        Assert.Equal("aaaa", _reloader.Current?.Hash);
        Assert.Equal(["aaaa"], _dataPath.Applied);
    }

    [Fact]
    public void Reload_WellOrNot_IsARecordOfTheAuditChain()
    {
        using var rig = new AuditLogRig();
        rig.Log.Start();
        _dataPath.Audit = rig.Log;
        _reloader.Reload("start");
        _next = SettingsForTest.Good("bbbb", "orders");
        _reloader.Reload("SIGHUP");
        _next = SettingsForTest.Bad(SettingsForTest.Fault);
        _reloader.Reload("admin API");

        Assert.Equal(
            ["start", "||start|applied|the first", "aaaa|bbbb|SIGHUP|applied|nothing changed",
             "bbbb||admin API|refused|1 faults in edgeproxy.toml; " + SettingsForTest.Fault],
            rig.Records(static json => json["kind"]!.ToString() == "config"
                ? $"{json["config_hash_before"]}|{(json["config_hash_before"] is null ? null : json["config_hash"])}|"
                    + $"{json["cause"]}|{json["outcome"]}|{json["changes"]}"
                : json["kind"]!.ToString()));
    }

    [Fact]
    public void Reload_FaultyFile_LogsOneLinePerFault()
    {
        _next = SettingsForTest.Bad(SettingsForTest.Fault, SettingsForTest.Fault with { Line = 9 });

        _reloader.Reload("start");

        Assert.Equal(
            ["edgeproxy.toml:3:7: services.orders.server: unknown key; servers",
             "edgeproxy.toml:9:7: services.orders.server: unknown key; servers"],
            _log.Lines.FindAll(line => line.EventId == EventIds.ConfigFault).ConvertAll(line => line.Message));
    }

    [Fact]
    public void Reload_EngineRefuses_KeepsTheLastGoodOneAndSaysWhy()
    {
        _reloader.Reload("start");
        _next = SettingsForTest.Good("bbbb", "orders");
        _dataPath.RefuseWith = "entrypoint web: 127.0.0.1:80: permission denied";
        _dataPath.RefuseNotPermitted = true;

        ReloadOutcome outcome = _reloader.Reload("SIGHUP");

        Assert.Equal(_dataPath.RefuseWith, outcome.Reason);
        Assert.True(outcome.NotPermitted);
        Assert.Equal("aaaa", outcome.Hash);
        Assert.Equal("aaaa", _reloader.Current?.Hash);
    }

    [Fact]
    public void Reload_LoaderThrows_IsAnOutcomeAndKeepsTheLastGoodOne()
    {
        var reloader = new Reloader(
            ConfigSource.Of("edgeproxy.toml", () => throw new InvalidOperationException("a bug")),
            _dataPath,
            _time,
            _log);

        ReloadOutcome outcome = reloader.Reload("SIGHUP");

        Assert.Contains("a bug", outcome.Reason);
        Assert.Empty(_dataPath.Applied);
    }

    [Fact]
    public void Reload_AfterFaults_TakesTheMendedFile()
    {
        _next = SettingsForTest.Bad(SettingsForTest.Fault);
        _reloader.Reload("start");
        _next = SettingsForTest.Good("cccc");

        Assert.True(_reloader.Reload("SIGHUP").Ok);
        Assert.Equal("cccc", _reloader.Current?.Hash);
    }

    [Fact]
    public void Reload_ServiceAddedAndRemoved_SaysWhatChanged()
    {
        _next = SettingsForTest.Good("aaaa", "orders", "stock");
        _reloader.Reload("start");
        _next = SettingsForTest.Good("bbbb", "orders", "users", "carts");

        Assert.Equal(
            "service users: added, service carts: added, service stock: removed", _reloader.Reload("SIGHUP").Changes);
    }

    [Fact]
    public void Reload_VeryManyChanges_NamesSomeAndCountsTheRest()
    {
        _next = SettingsForTest.Good("aaaa");
        _reloader.Reload("start");
        _next = SettingsForTest.Good("bbbb", [.. Enumerable.Range(0, 25).Select(i => $"s{i}")]);

        Assert.EndsWith("service s19: added and 5 more", _reloader.Reload("SIGHUP").Changes);
    }

    [Fact]
    public void Reload_SameSettings_SaysNothingChanged()
    {
        _reloader.Reload("start");
        _next = SettingsForTest.Good("aaaa", "orders");

        Assert.Equal("nothing changed", _reloader.Reload("SIGHUP").Changes);
    }

    public ValueTask DisposeAsync() => _dataPath.DisposeAsync();

    [Fact]
    public void Collect_OneGoodOneBad_CountsBoth()
    {
        _reloader.Reload("start");
        _next = SettingsForTest.Bad(SettingsForTest.Fault);
        _reloader.Reload("SIGHUP");
        var samples = new List<MetricSample>();

        _reloader.Collect(samples);
        string text = MetricsText.Write(samples);

        Assert.Contains("edgeproxy_config_reloads_total{outcome=\"ok\"} 1\n", text);
        Assert.Contains("edgeproxy_config_reloads_total{outcome=\"failed\"} 1\n", text);
        Assert.Contains("edgeproxy_config_last_reload_successful 0\n", text);
        Assert.Contains(
            $"edgeproxy_config_last_reload_success_timestamp_seconds {_time.GetUtcNow().ToUnixTimeSeconds()}\n", text);
    }
}
