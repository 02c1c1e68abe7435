using System;
using System.IO;
using EdgeProxy.Config;
using Xunit;

namespace EdgeProxy.Tests.Config;

public sealed class ConfigWatchTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-watch-");
    private readonly string _main;
    private int _writes;

    public ConfigWatchTests()
    {
        Directory.CreateDirectory(At("conf.d"));
        _main = At("edgeproxy.toml");
        Write(_main, "include = [\"conf.d/*.toml\"]\n" + ConfigCorpus.Small);
        Write(At("conf.d/a.toml"), "[node]\nname = \"a\"\n");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void HasChanged_NothingTouched_IsFalse()
    {
        ConfigWatch watch = Watch();

        Assert.False(watch.HasChanged());
        Assert.False(watch.HasChanged());
    }

    [Fact]
    public void HasChanged_FileWritten_IsTrueAtTheSecondEqualLookAndOnce()
    {
        ConfigWatch watch = Watch();
        Write(_main, "changed");

        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());
        Assert.False(watch.HasChanged());
    }

    [Fact]
    public void HasChanged_StillBeingWritten_Waits()
    {
        ConfigWatch watch = Watch();
        Write(_main, "c");
        Assert.False(watch.HasChanged());
        Write(_main, "ch");
        Assert.False(watch.HasChanged());
        Write(_main, "cha");
        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());
    }

    [Fact]
    public void HasChanged_ChangedBetweenLoadAndWatch_IsSeen()
    {
        ProxySettings settings = Load();
        Write(_main, "changed");
        var watch = new ConfigWatch(settings);

        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());
    }

    [Theory]
    [InlineData("conf.d/b.toml", true)]
    [InlineData("conf.d/b.txt", false)]
    [InlineData("conf.d/.b.toml", false)]
    public void HasChanged_NewFile_CountsIfIncludeFindsIt(string name, bool expected)
    {
        ConfigWatch watch = Watch();
        Write(At(name), "# new");

        Assert.False(watch.HasChanged());
        Assert.Equal(expected, watch.HasChanged());
    }

    [Fact]
    public void HasChanged_FileRemovedAndBack_IsSeenTwice()
    {
        ConfigWatch watch = Watch();
        string included = At("conf.d/a.toml");
        File.Delete(included);
        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());

        Write(included, "[node]\nname = \"a\"\n");
        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());
    }

    [Fact]
    public void HasChanged_LinkSwitchedToAFileOfTheSameAgeAndLength_IsSeen()
    {
        Write(At("one"), ConfigCorpus.Small);
        Write(At("two"), ConfigCorpus.Small);
        File.SetLastWriteTimeUtc(At("two"), File.GetLastWriteTimeUtc(At("one")));
        string link = At("link.toml");
        File.CreateSymbolicLink(link, At("one"));
        var watch = new ConfigWatch(ConfigFile.Load(link, ConfigCorpus.Environment, out _)!);
        File.Delete(link);
        File.CreateSymbolicLink(link, At("two"));

        Assert.False(watch.HasChanged());
        Assert.True(watch.HasChanged());
    }

    [Fact]
    public void HasChanged_FromText_IsNever() =>
        Assert.False(new ConfigWatch(ConfigCorpus.Parse(ConfigCorpus.Small)).HasChanged());

    private string At(string name) => Path.Combine(_folder.FullName, name);

    // Each write is a second newer, so that the clock's grain hides none.
    private void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddSeconds(++_writes));
    }

    private ProxySettings Load() => ConfigFile.Load(_main, ConfigCorpus.Environment, out _)!;

    private ConfigWatch Watch() => new(Load());
}
