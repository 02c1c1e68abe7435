using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Packaging;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>The packages, judged by the programs that install and check them.</summary>
public sealed class PackageTests(ITestOutputHelper output) : IDisposable
{
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-package-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("linux-x64", "amd64")]
    [InlineData("linux-arm64", "arm64")]
    public async Task Deb_IsWhatDpkgInstalls(string runtime, string architecture)
    {
        string dpkg = External.Require("dpkg-deb");
        string path = Write(DebPackage.NameOf(Of(runtime)), DebPackage.Build(Of(runtime)));

        string fields = await AnswerAsync(dpkg, "--field", path);
        string list = await AnswerAsync(dpkg, "--contents", path);

        Assert.Contains("Package: edgeproxy\n", fields);
        Assert.Contains($"Architecture: {architecture}\n", fields);
        Assert.Matches(@"-rwxr-xr-x root/root +\d+ 2023-11-14 22:13 \./usr/bin/edgeproxy\n", list);
        Assert.Matches(@"-rw-r--r-- root/root +\d+ 2023-11-14 22:13 \./etc/edgeproxy/edgeproxy\.toml\n", list);
    }

    [Fact]
    public async Task Deb_Unpacked_ItsConfigurationIsValidAndItsProgramRuns()
    {
        string path = Write("edgeproxy.deb", DebPackage.Build(Of("linux-x64")));
        await AnswerAsync(External.Require("dpkg-deb"), "-x", path, _folder.FullName);

        string program = Path.Combine(_folder.FullName, "usr", "bin", "edgeproxy");
        await AnswerAsync(program, "validate", "-c", Path.Combine(_folder.FullName, InstalledFiles.Configuration));
    }

    [Fact]
    public async Task Deb_Lintian_FindsNoError()
    {
        string path = Write(DebPackage.NameOf(Of("linux-x64")), DebPackage.Build(Of("linux-x64")));

        CommandResult result = await CommandResult.RunAsync(
            External.Require("lintian"), ["--allow-root", "--fail-on", "error", path], TimeSpan.FromMinutes(2));

        output.WriteLine(result.ToString());
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("linux-x64", "x86_64")]
    [InlineData("linux-arm64", "aarch64")]
    public async Task Rpm_HoldsTheSameFiles(string runtime, string architecture)
    {
        External.Require("rpmbuild");
        byte[]? package = RpmPackage.Build(Of(runtime), out string problem);
        Assert.True(package is not null, problem);
        string path = Write(RpmPackage.NameOf(Of(runtime)), package);

        string list = await AnswerAsync(External.Require("rpm"), "-qp", "--queryformat", "%{ARCH}\n[%{FILENAMES}\n]", path);

        Assert.StartsWith(architecture + "\n", list);
        foreach (PackageFile file in InstalledFiles.Of(Of(runtime)).Where(f => !f.Path.Contains("zsh")))
        {
            Assert.Contains($"\n/{file.Path}\n", list);
        }
    }

    [Fact]
    public void Dashboards_AreAllInPackages()
    {
        const string installed = "usr/share/edgeproxy/grafana/";
        string folder = Path.Combine(ProxyBinary.RepositoryRoot!, "packaging", "grafana");

        Assert.Equal(
            Directory.GetFiles(folder).Select(file => installed + Path.GetFileName(file)).Order(),
            InstalledFiles.Of(Of("linux-x64")).Select(static file => file.Path)
                .Where(static path => path.StartsWith(installed, StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task Rpm_Rpmlint_FindsNoError()
    {
        External.Require("rpmbuild");
        string path = Write(RpmPackage.NameOf(Of("linux-x64")), RpmPackage.Build(Of("linux-x64"), out _)!);

        string meant = Path.Combine(ProxyBinary.RepositoryRoot!, "packaging", "rpm", "rpmlint.toml");

        CommandResult result = await CommandResult.RunAsync(
            External.Require("rpmlint"), ["--config", meant, path], TimeSpan.FromMinutes(2));

        output.WriteLine(result.ToString());
        Assert.Contains(" 0 errors", result.Output);
    }

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("linux-arm64")]
    public void Packages_BuiltInTwoFolders_AreTheSameBytes(string runtime)
    {
        External.Require("rpmbuild");
        Release here = Of(runtime);
        Release there = here with { Root = CopyOfRoot() };
        Assert.NotEqual(here.Root, there.Root);

        // The image's own layer; what lies below it comes from Debian, the same for both.
        IReadOnlyList<PackageFile> below = [new("etc/ssl/certs/ca.crt", "of Debian"u8.ToArray(), PackageFile.Data)];
        Assert.Equal(DebPackage.Build(here), DebPackage.Build(there));
        Assert.Equal(TarPackage.Build(here), TarPackage.Build(there));
        Assert.Equal(OciImage.Build([(here, below)]), OciImage.Build([(there, below)]));
        byte[]? rpm = RpmPackage.Build(here, out string problem);
        Assert.True(rpm is not null, problem);
        Assert.Equal(rpm, RpmPackage.Build(there, out _));
    }

    [Fact]
    public async Task Tar_Installs_AndUninstallLeavesTheConfiguration()
    {
        string folder = await UnpackTarAsync();
        string root = Path.Combine(_folder.FullName, "root");
        string configuration = Path.Combine(root, InstalledFiles.Configuration);

        await AnswerAsync(Path.Combine(folder, "install.sh"), "--root", root);
        await AnswerAsync(Path.Combine(root, "usr", "bin", "edgeproxy"), "validate", "-c", configuration);
        await File.AppendAllTextAsync(configuration, "# mine\n", TestContext.Current.CancellationToken);
        await AnswerAsync(Path.Combine(folder, "install.sh"), "--root", root);
        Assert.EndsWith("# mine\n", await File.ReadAllTextAsync(configuration, TestContext.Current.CancellationToken));
        Assert.True(File.Exists(configuration + ".new"));

        await AnswerAsync(Path.Combine(root, "usr", "lib", "edgeproxy", "uninstall.sh"), "--root", root);
        Assert.Equal(
            [configuration, configuration + ".new"],
            Directory.GetFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));

        await AnswerAsync(Path.Combine(folder, "install.sh"), "--root", root);
        await AnswerAsync(Path.Combine(root, "usr", "lib", "edgeproxy", "uninstall.sh"), "--root", root, "--purge");
        Assert.Empty(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Tar_WithAChangedFile_InstallsNothing()
    {
        string folder = await UnpackTarAsync();
        string root = Path.Combine(_folder.FullName, "root");
        await File.AppendAllTextAsync(
            Path.Combine(folder, "files", "usr", "lib", "systemd", "system", "edgeproxy.service"), "\n",
            TestContext.Current.CancellationToken);

        CommandResult result = await CommandResult.RunAsync(Path.Combine(folder, "install.sh"), ["--root", root]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("nothing was installed", result.Errors);
        Assert.False(Directory.Exists(root));
    }

    /// <summary>
    /// EDGEPROXY_NODE_MODULES is a folder with @cyclonedx/cyclonedx-library, ajv and its formats and formats-draft2019.
    /// Explicit: they come from a registry that a build may not reach.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task Sbom_IsValid_SaysTheStandardsOwnLibrary()
    {
        string? modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES");
        Assert.SkipUnless(Directory.Exists(modules), "EDGEPROXY_NODE_MODULES names no folder with the library");
        string script = Path.Combine(_folder.FullName, "check.cjs");
        await File.WriteAllTextAsync(script, """
            const { readFileSync } = require('node:fs');
            const { createRequire } = require('node:module');
            const cdx = createRequire(process.argv[2] + '/')('@cyclonedx/cyclonedx-library');
            const text = readFileSync(process.argv[3], 'utf8');
            const version = JSON.parse(text).specVersion;
            new cdx.Validation.JsonStrictValidator(version).validate(text).then(problem => {
              console.log(problem === null ? 'valid ' + version : JSON.stringify(problem));
              process.exit(problem === null ? 0 : 1);
            });

            """, TestContext.Current.CancellationToken);
        string path = Write("bom.json", Sbom.Write(Of("linux-x64")));

        CommandResult result =
            await CommandResult.RunAsync(External.Require("node"), [script, modules!, path]);

        Assert.True(result.ExitCode == 0, $"{result}");
    }

    [Fact]
    public void Sbom_NamesWhatTheBinaryHolds_AndNothingTwice()
    {
        using JsonDocument document = JsonDocument.Parse(Sbom.Write(Of("linux-x64")));
        string[] names = [.. document.RootElement.GetProperty("components").EnumerateArray()
            .Select(c => c.GetProperty("name").GetString()!)];

        Assert.Equal("CycloneDX", document.RootElement.GetProperty("bomFormat").GetString());
        Assert.Contains("Tomlyn", names);
        Assert.Contains("Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64", names);
        Assert.DoesNotContain("Microsoft.CodeAnalysis.BannedApiAnalyzers", names);
        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public async Task Oci_IsAnImageForBothProcessors_AndItsProgramRunsInItAlone()
    {
        string skopeo = External.Require("skopeo");
        External.Require("apt-get");
        (Release, IReadOnlyList<PackageFile>)[] parts = [.. ((string[])["linux-x64", "linux-arm64"]).Select(Part)];
        string path = Write("image.tar", OciImage.Build(parts));
        Assert.Equal(File.ReadAllBytes(path), OciImage.Build(parts));

        foreach (string architecture in (string[])["amd64", "arm64"])
        {
            string image = await AnswerAsync(
                skopeo, "inspect", "--override-arch", architecture, "--config", $"oci-archive:{path}");
            Assert.Contains($"\"architecture\": \"{architecture}\"", image);
            Assert.Contains("\"User\": \"65532:65532\"", image);
        }

        // As root only, which a build server is: the image's own files and nothing of this system.
        string root = Path.Combine(_folder.FullName, "root");
        foreach (byte[] layer in OciImage.LayersOf(parts[0].Item1, parts[0].Item2))
        {
            Directory.CreateDirectory(root);
            await AnswerAsync(External.Require("tar"), "-xf", Write("layer.tar", layer), "-C", root);
        }

        string version = await AnswerAsync(External.Require("chroot"), root, "/usr/bin/edgeproxy", "version");
        Assert.StartsWith("edgeproxy ", version);
    }

    private static (Release, IReadOnlyList<PackageFile>) Part(string runtime)
    {
        Release release = Of(runtime);
        IReadOnlyList<PackageFile> below = DebianFiles.Download(release.Platform, out string problem);
        Assert.True(problem.Length == 0, problem);
        return (release, below);
    }

    [Fact]
    public async Task Bash_Completes()
    {
        string bash = External.Require("bash");
        string script = Path.Combine(ProxyBinary.RepositoryRoot!, "packaging", "completions", "edgeproxy.bash");
        const string ask = "source \"$0\"; COMP_WORDS=(edgeproxy -c file config s); COMP_CWORD=4; _edgeproxy; "
            + "echo \"${COMPREPLY[@]}\"; COMP_WORDS=(edgeproxy va); COMP_CWORD=1; _edgeproxy; echo \"${COMPREPLY[@]}\"";

        Assert.Equal("schema\nvalidate\n", await AnswerAsync(bash, "-c", ask, script));
    }

    private static Release Of(string runtime) => new(
        ProxyBinary.RepositoryRoot!, Platform.Of(runtime)!, File.ReadAllBytes(Published.Require(runtime)), Time);

    // What is read for packages, in another folder of another length, written now.
    private string CopyOfRoot()
    {
        string root = ProxyBinary.RepositoryRoot!;
        string copy = Path.Combine(_folder.FullName, "a copy", "of the repository");
        IEnumerable<string> files = Directory.GetFiles(Path.Combine(root, "packaging"), "*", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Path.Combine(root, "src"), "packages.lock.json", SearchOption.AllDirectories))
            .Append(Path.Combine(root, "LICENSE"));
        foreach (string file in files)
        {
            string target = Path.Combine(copy, Path.GetRelativePath(root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(file));
        }

        return copy;
    }

    private async Task<string> AnswerAsync(string program, params string[] arguments)
    {
        CommandResult result = await CommandResult.RunAsync(program, arguments);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private async Task<string> UnpackTarAsync()
    {
        Release release = Of("linux-x64");
        string path = Write(TarPackage.NameOf(release), TarPackage.Build(release));
        await AnswerAsync(External.Require("tar"), "-xzf", path, "-C", _folder.FullName);
        return path[..^".tar.gz".Length];
    }
}
