using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

/// <summary>Versions that servers tell of: which of them are deployments, and how many are heard.</summary>
public sealed class VersionWatchTests
{
    private readonly ManualTime _time = new();
    private readonly List<Deployment> _marked = [];
    private readonly VersionWatch _watch;

    public VersionWatchTests() => _watch = new VersionWatch(_time, _marked.Add);

    private IEnumerable<string> Marked => _marked.Select(static d => $"{d.Service} {d.Version} {d.Source}");

    [Fact]
    public void FirstSeen_IsNoDeployment_RollingOneIsMarkedOnce_RollbackToo()
    {
        _watch.Saw("app", "a", "1");
        _watch.Saw("app", "b", "1");
        Assert.Empty(Marked);

        _watch.Saw("app", "a", "2");
        _watch.Saw("app", "b", "2");
        Assert.Equal(["app 2 header"], Marked);

        _watch.Saw("app", "b", "1");
        _watch.Saw("app", "a", "1");
        Assert.Equal(["app 2 header", "app 1 header"], Marked);
    }

    [Fact]
    public void NewServer_WithANewVersion_IsADeployment_OfItsServiceOnly()
    {
        _watch.Saw("app", "a", "1");
        _watch.Saw("other", "x", "9");
        _watch.Saw("app", "b", "2");
        _watch.Saw("app", "c", "1");

        Assert.Equal(["app 2 header"], Marked);
    }

    [Fact]
    public void Flood_IsBounded_AndCounted()
    {
        for (int i = 0; i <= DeploymentLimits.SeenPerWindow + 5; i++)
        {
            _watch.Saw("app", "a", $"{i}");
        }

        Assert.Equal((DeploymentLimits.SeenPerWindow, 5L), (_marked.Count, _watch.Ignored));
        _time.Advance(DeploymentLimits.SeenWindow + TimeSpan.FromSeconds(1));
        _watch.Saw("app", "a", "late");
        Assert.Equal("late", _marked[^1].Version);
    }

    [Fact]
    public void Seen_ChangesOnceASecond_AndOnlyToVersions()
    {
        var seen = new SeenVersion();

        Assert.True(seen.IsChanged("1.0"u8, 5_000));
        Assert.False(seen.IsChanged("1.0"u8, 9_000));
        Assert.True(seen.IsChanged("1.1"u8, 9_000));
        Assert.False(seen.IsChanged("1.2"u8, 9_999));
        Assert.True(seen.IsChanged("1.2"u8, 10_000));
        Assert.False(seen.IsChanged(""u8, 20_000));
        Assert.False(seen.IsChanged("caf\u00e9"u8, 20_000));
        Assert.False(seen.IsChanged(new byte[DeploymentLimits.SeenBytesMax + 1], 20_000));
        Assert.False(seen.IsChanged("1.2"u8, 20_000));
    }

    [Fact]
    public void Seen_WhileItStays_AllocatesNothing()
    {
        var seen = new SeenVersion();
        seen.IsChanged("1.0"u8, 5_000);

        Allocations.AssertNone(() => seen.IsChanged("1.0"u8, 9_000));
    }
}
