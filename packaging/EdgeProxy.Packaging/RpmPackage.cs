using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;

namespace EdgeProxy.Packaging;

/// <summary>
/// An RPM package by <c>rpmbuild</c>, which builds for another processor as well: nothing is compiled or stripped here.
/// </summary>
internal static class RpmPackage
{
    public static string NameOf(Release release) => $"edgeproxy-{release.Version}-1.{release.Platform.Rpm}.rpm";

    /// <summary>Null, and why, if rpmbuild is not there or fails.</summary>
    public static byte[]? Build(Release release, out string problem)
    {
        DirectoryInfo work = Directory.CreateTempSubdirectory("edgeproxy-rpm-");
        try
        {
            foreach (PackageFile file in InstalledFiles.Of(release))
            {
                Write(Path.Combine(work.FullName, "files", file.Path), file);
            }

            string spec = Path.Combine(work.FullName, "edgeproxy.spec");
            File.WriteAllBytes(spec, release.Read("rpm/edgeproxy.spec"));
            problem = Run(release, work.FullName, spec);
            string built = Path.Combine(work.FullName, "RPMS", release.Platform.Rpm, NameOf(release));
            return problem.Length == 0 ? File.ReadAllBytes(built) : null;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static void Write(string path, PackageFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file.Content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, file.Mode);
        }
    }

    private static string Run(Release release, string work, string spec)
    {
        var definitions = new Dictionary<string, string>
        {
            ["_topdir"] = work,
            ["_files"] = Path.Combine(work, "files"),
            ["_version"] = release.Version,
            ["_buildhost"] = "localhost",
            ["_build_id_links"] = "none",
            ["_changelog_date"] = release.Time.ToString(
                "ddd MMM dd yyyy", System.Globalization.CultureInfo.InvariantCulture),
            ["use_source_date_epoch_as_buildtime"] = "1",
            ["clamp_mtime_to_source_date_epoch"] = "1",
            ["_binary_payload"] = "w9.gzdio",
        };
        var start = new ProcessStartInfo("rpmbuild")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["-bb", "--target", $"{release.Platform.Rpm}-linux", spec])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in definitions)
        {
            start.ArgumentList.Add("--define");
            start.ArgumentList.Add($"{name} {value}");
        }

        start.Environment["SOURCE_DATE_EPOCH"] = $"{release.Time.ToUnixTimeSeconds()}";
        return Wait(start);
    }

    private static string Wait(ProcessStartInfo start)
    {
        try
        {
            using Process process = Process.Start(start)!;
            var said = new StringBuilder();
            process.OutputDataReceived += (_, line) => Append(said, line.Data);
            process.ErrorDataReceived += (_, line) => Append(said, line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : $"rpmbuild ended with {process.ExitCode}:\n{said}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "rpmbuild is not installed (Debian: apt-get install rpm)";
        }
    }

    private static void Append(StringBuilder said, string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
