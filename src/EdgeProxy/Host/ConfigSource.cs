using System;
using System.Collections.Generic;
using System.IO;
using EdgeProxy.Config;

namespace EdgeProxy.Host;

/// <summary>What a look at the configuration found: settings, or every fault.</summary>
/// <param name="NotPermitted">The file is there, and we may not read it: exit code 77, not 78.</param>
internal readonly record struct LoadedConfig(
    ProxySettings? Settings, IReadOnlyList<ConfigFault> Faults, bool NotPermitted)
{
    /// <summary>What was looked at, of a faulty configuration, too; null where there are no files.</summary>
    public SeenFiles? Seen { get; init; }
}

/// <summary>Where settings come from: a file, or for the demo a text in the program.</summary>
internal sealed class ConfigSource
{
    private readonly Func<LoadedConfig> _load;
    private readonly ConfigEnvironment _environment;

    private ConfigSource(string name, ConfigEnvironment environment, Func<LoadedConfig> load)
    {
        Name = name;
        _environment = environment;
        _load = load;
    }

    /// <summary>There is a file to come back to: what was in use is kept.</summary>
    public bool IsFile { get; private init; }

    public ConfigEnvironment Environment => _environment;

    /// <summary>The file's path, as faults and logs name it.</summary>
    public string Name { get; }

    public static ConfigSource OfFile(string path, ConfigEnvironment environment) => new(path, environment, () =>
    {
        ProxySettings? settings = ConfigFile.Load(
            path, environment, DiskPlace.Instance, out IReadOnlyList<ConfigFault> faults, out SeenFiles seen);
        return new LoadedConfig(settings, faults, settings is null && IsForbidden(path)) { Seen = seen };
    })
    {
        IsFile = true,
    };

    public static ConfigSource OfText(string text, string name, ConfigEnvironment environment) =>
        new(name, environment, () =>
        {
            ProxySettings? settings = ConfigFile.Parse(text, name, environment, out IReadOnlyList<ConfigFault> faults);
            return new LoadedConfig(settings, faults, false);
        });

    /// <summary>For tests: settings made in code.</summary>
    public static ConfigSource Of(string name, Func<LoadedConfig> load) => new(name, ConfigEnvironment.OfProcess, load);

    public LoadedConfig Load() => _load();

    /// <summary>What was written, once more; files that keys name are read as they are now.</summary>
    public LoadedConfig Load(WrittenFiles written)
    {
        ProxySettings? settings = ConfigFile.Load(
            written.Files[0].Path, _environment, written, out IReadOnlyList<ConfigFault> faults, out SeenFiles seen);
        return new LoadedConfig(settings, faults, NotPermitted: false) { Seen = seen };
    }

    // Asked only once loading has failed, so the ordinary start opens the file once.
    private static bool IsForbidden(string path)
    {
        try
        {
            File.OpenHandle(path).Dispose();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return !Directory.Exists(path); // opening a directory says the same, and is a mistake, not a missing right
        }
        catch (IOException)
        {
            return false;
        }
    }
}
