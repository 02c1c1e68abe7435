using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A disk that takes no more: a small one that is filled, where something may be mounted; else a limit on what the
/// process may write to files (setrlimit(2), RLIMIT_FSIZE), which needs no right: every write fails with EFBIG as it
/// would with ENOSPC.
/// </summary>
internal sealed class FullDisk : IAsyncDisposable
{
    // The signal that goes with the limit would end the process; a shell that ignores it hands that on.
    private static readonly string[] s_ignoringLimit = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

    private readonly SmallDisk? _disk;
    private readonly DirectoryInfo? _folder;

    private FullDisk(SmallDisk? disk)
    {
        _disk = disk;
        _folder = disk is null ? Directory.CreateTempSubdirectory("edgeproxy-disk-") : null;
    }

    public string Folder => _disk?.Folder ?? _folder!.FullName;

    /// <summary>Programs in front of the proxy.</summary>
    public IReadOnlyList<string>? Wrap => _disk is null ? s_ignoringLimit : null;

    public static async Task<FullDisk> MakeAsync(bool mayMount = true) =>
        new(mayMount ? await SmallDisk.MountAsync("4m") : null);

    /// <summary>From now on <paramref name="proxy"/> can write nothing there.</summary>
    public Task FillAsync(ProxyProcess proxy)
    {
        _disk?.Fill();
        return _disk is null ? LimitAsync(proxy, "0") : Task.CompletedTask;
    }

    public Task FreeAsync(ProxyProcess proxy)
    {
        _disk?.Free();
        return _disk is null ? LimitAsync(proxy, "unlimited") : Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _folder?.Delete(recursive: true);
        if (_disk is not null)
        {
            await _disk.DisposeAsync();
        }
    }

    // The soft limit, which may be raised again.
    private static async Task LimitAsync(ProxyProcess proxy, string bytes)
    {
        CommandResult done = await CommandResult.RunAsync(
            External.Require("prlimit"), ["--pid", $"{proxy.Id}", $"--fsize={bytes}:"]);
        Assert.True(done.ExitCode == 0, $"{done}");
    }
}
