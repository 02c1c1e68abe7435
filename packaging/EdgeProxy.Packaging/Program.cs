using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace EdgeProxy.Packaging;

/// <summary>
/// Makes the packages of one processor: publishes the binary unless it is named, packs it in every format, and writes
/// SHA256SUMS over them.
/// </summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run -c Release --project packaging/EdgeProxy.Packaging -- [options]

          --runtime linux-x64|linux-arm64   for which processor (default linux-x64)
          --binary PATH                     the published file (default: it is published now)
          --out DIR                         where the packages go (default artifacts/packages)
          --formats deb,rpm,tar             which packages (default all)
        """;

    private static readonly string[] Formats = ["deb", "rpm", "tar"];

    public static int Main(string[] args)
    {
        string root = Release.Metadata("RepositoryRoot");
        string runtime = "linux-x64", output = Path.Combine(root, "artifacts", "packages");
        string? binary = null;
        string[] formats = Formats;
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch ((args[i], value))
            {
                case ("--runtime", not null) when Platform.Of(value) is not null:
                    runtime = value;
                    break;
                case ("--binary", not null):
                    binary = value;
                    break;
                case ("--out", not null):
                    output = Path.GetFullPath(value);
                    break;
                case ("--formats", not null) when Array.TrueForAll(value.Split(','), f => Formats.Contains(f)):
                    formats = value.Split(',');
                    break;
                default:
                    return Fail($"package: {args[i]} {value}: not an option, or not a value of it\n{Usage}", 2);
            }
        }

        binary ??= Publish(root, runtime);
        if (binary is null || !File.Exists(binary))
        {
            return Fail($"package: there is no binary{(binary is null ? "" : $" at {binary}")}", 1);
        }

        return Pack(new Release(root, Platform.Of(runtime)!, File.ReadAllBytes(binary), TimeOf(root)), formats, output);
    }

    /// <summary>Writes the packages and their checksums; the exit code.</summary>
    internal static int Pack(Release release, string[] formats, string output)
    {
        var made = new List<(string Name, byte[] Content)>();
        foreach (string format in formats)
        {
            switch (format)
            {
                case "deb":
                    made.Add((DebPackage.NameOf(release), DebPackage.Build(release)));
                    break;
                case "tar":
                    made.Add((TarPackage.NameOf(release), TarPackage.Build(release)));
                    break;
                default:
                    if (RpmPackage.Build(release, out string problem) is not { } rpm)
                    {
                        return Fail($"package: {problem}", 1);
                    }

                    made.Add((RpmPackage.NameOf(release), rpm));
                    break;
            }
        }

        Directory.CreateDirectory(output);
        foreach ((string name, byte[] content) in made)
        {
            File.WriteAllBytes(Path.Combine(output, name), content);
            Console.Out.WriteLine($"{content.Length,12:N0}  {Path.Combine(output, name)}");
        }

        File.WriteAllText(
            Path.Combine(output, $"SHA256SUMS.{release.Platform.Runtime}"), TarPackage.SumsOf(made));
        return 0;
    }

    private static string? Publish(string root, string runtime)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                "publish", Path.Combine(root, "src", "EdgeProxy"), "-c", "Release", "-r", runtime, "-v", "quiet",
            },
        };
        using Process publish = Process.Start(start)!;
        publish.WaitForExit();
        string folder = Path.Combine(root, "artifacts", "publish", "EdgeProxy", $"release_{runtime}");
        return publish.ExitCode == 0 ? Path.Combine(folder, "edgeproxy") : null;
    }

    private static DateTimeOffset TimeOf(string root)
    {
        string? seconds = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(seconds))
        {
            var start = new ProcessStartInfo("git")
            {
                ArgumentList = { "-C", root, "log", "-1", "--format=%ct" },
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
