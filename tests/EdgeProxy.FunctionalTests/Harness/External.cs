using System;
using System.IO;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Programs of the operating system that some tests drive. A machine with only the SDK skips those tests and says why;
/// a build server (CI=true) has to have them, so there the test fails.
/// </summary>
internal static class External
{
    private static readonly string[] MoreFolders = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

    public static bool IsContinuousIntegration { get; } =
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The program's full path.</summary>
    public static string Require(string program)
    {
        string? path = Find(program);
        if (path is not null)
        {
            return path;
        }

        Missing($"{program} is not installed; on Debian: apt-get install {PackageOf(program)}");
        return "";
    }

    public static void RequireFile(string path, string hint)
    {
        if (!File.Exists(path))
        {
            Missing($"{path} is not there; {hint}");
        }
    }

    /// <summary>Skips here, fails on a build server.</summary>
    public static void Missing(string what)
    {
        if (IsContinuousIntegration)
        {
            Assert.Fail($"{what} (CI=true: nothing may be skipped)");
        }

        Assert.Skip(what);
    }

    public static string? Find(string program)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), .. MoreFolders];
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, program);
            if (folder.Length > 0 && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    private static string PackageOf(string program) => program switch
    {
        "qemu-aarch64-static" => "qemu-user-static libc6-arm64-cross",
        "nghttp" or "h2load" => "nghttp2-client",
        "promtool" => "prometheus",
        _ => program,
    };
}
