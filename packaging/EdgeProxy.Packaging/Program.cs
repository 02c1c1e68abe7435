using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace EdgeProxy.Packaging;

/// <summary>
/// Makes the packages: publishes the binary for each processor, packs it in every format, and writes SHA256SUMS over
/// what was made.
/// </summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run -c Release --project packaging/EdgeProxy.Packaging -- [options]

          --runtime linux-x64,linux-arm64   for which processors (default linux-x64)
          --formats deb,rpm,tar,oci         which packages (default all); the OCI image holds all processors named
          --out DIR                         where the packages go (default artifacts/packages)
          --no-publish                      take the binaries that are published already
        """;

    private static readonly string[] Formats = ["deb", "rpm", "tar", "oci"];

    public static int Main(string[] args)
    {
        string root = Release.Metadata("RepositoryRoot");
        string output = Path.Combine(root, "artifacts", "packages");
        Platform[] platforms = [Platform.X64];
        string[] formats = Formats;
        bool isPublished = false;
        for (int i = 0; i < args.Length; i++)
        {
            string value = args[i] != "--no-publish" && i + 1 < args.Length ? args[++i] : "";
            switch (value.Length > 0 ? args[i - 1] : args[i])
            {
                case "--runtime" when value.Split(',').All(v => Platform.Of(v) is not null):
                    platforms = [.. value.Split(',').Distinct().Select(v => Platform.Of(v)!)];
                    break;
                case "--formats" when value.Split(',').All(Formats.Contains):
                    formats = value.Split(',');
                    break;
                case "--out" when value.Length > 0:
                    output = Path.GetFullPath(value);
                    break;
                case "--no-publish":
                    isPublished = true;
                    break;
                default:
                    return Fail($"package: {string.Join(' ', args)}: no such option, or no such value\n{Usage}", 2);
            }
        }

        var releases = new List<Release>();
        foreach (Platform platform in platforms)
        {
            string binary = Path.Combine(
                root, "artifacts", "publish", "EdgeProxy", $"release_{platform.Runtime}", "edgeproxy");
            if ((!isPublished && !Publish(root, platform.Runtime)) || !File.Exists(binary))
            {
                return Fail($"package: there is no {binary}", 1);
            }

            releases.Add(new Release(root, platform, File.ReadAllBytes(binary), TimeOf(root)));
        }

        return Pack(releases, formats, output);
    }

    private static int Pack(List<Release> releases, string[] formats, string output)
    {
        var made = new List<(string Name, byte[] Content)>();
        foreach (Release release in releases)
        {
            if (formats.Contains("deb"))
            {
                made.Add((DebPackage.NameOf(release), DebPackage.Build(release)));
            }

            if (formats.Contains("tar"))
            {
                made.Add((TarPackage.NameOf(release), TarPackage.Build(release)));
            }

            if (formats.Contains("rpm"))
            {
                if (RpmPackage.Build(release, out string problem) is not { } rpm)
                {
                    return Fail($"package: {problem}", 1);
                }

                made.Add((RpmPackage.NameOf(release), rpm));
            }
        }

        if (formats.Contains("oci"))
        {
            var images = new List<(Release, IReadOnlyList<PackageFile>)>();
            foreach (Release release in releases)
            {
                IReadOnlyList<PackageFile> below = DebianFiles.Download(release.Platform, out string problem);
                if (problem.Length > 0)
                {
                    return Fail($"package: {problem}", 1);
                }

                images.Add((release, below));
            }

            made.Add((OciImage.NameOf(releases[0].Version), OciImage.Build(images)));
        }

        Write(made, output);
        return 0;
    }

    private static void Write(List<(string Name, byte[] Content)> made, string output)
    {
        Directory.CreateDirectory(output);
        foreach ((string name, byte[] content) in made)
        {
            File.WriteAllBytes(Path.Combine(output, name), content);
            Console.Out.WriteLine($"{content.Length,12:N0}  {Path.Combine(output, name)}");
        }

        File.WriteAllText(Path.Combine(output, "SHA256SUMS"), TarPackage.SumsOf(made));
    }

    private static bool Publish(string root, string runtime)
    {
        string[] arguments =
            ["publish", Path.Combine(root, "src", "EdgeProxy"), "-c", "Release", "-r", runtime, "-v", "quiet"];
        using Process publish = Process.Start(new ProcessStartInfo("dotnet", arguments))!;
        publish.WaitForExit();
        return publish.ExitCode == 0;
    }

    private static DateTimeOffset TimeOf(string root)
    {
        string? seconds = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(seconds))
        {
            var start = new ProcessStartInfo("git", ["-C", root, "log", "-1", "--format=%ct"])
            {
                RedirectStandardOutput = true,
            };
            using Process git = Process.Start(start)!;
            seconds = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
        }

        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture));
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine(message);
        return code;
    }
}
