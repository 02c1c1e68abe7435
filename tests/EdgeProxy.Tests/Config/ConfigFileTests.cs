using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Sticky;
using Xunit;

namespace EdgeProxy.Tests.Config;

public sealed class ConfigFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-config-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Parse_OnlyWhatIsRequired_HasTheDefaultsOfTheFloors()
    {
        ProxySettings settings = ConfigCorpus.Parse(ConfigCorpus.Small);

        var plain = new EntryPointSettings { Name = "web", Address = new IPEndPoint(IPAddress.IPv6Any, 8080) };
        Assert.True(ConfigChange.Same(plain, Assert.Single(settings.EntryPoints)));
        var service = new ServiceSettings { Name = "app", Servers = [new ServerSettings("127.0.0.1", 9000, 1)] };
        Assert.True(ConfigChange.Same(service, Assert.Single(settings.Services)));
        RouterSettings router = Assert.Single(settings.Routers);
        Assert.Equal(["web"], router.EntryPoints);
        Assert.Equal(("app", "app", "PathPrefix(`/`)"), (router.Name, router.Service, router.RuleText));
        Assert.Equal((null, EncodedBytes.None), (router.Priority, router.AllowEncoded));
        Assert.Equal(new NodeSettings { Name = "test-host" }, settings.Node);
        Assert.Equal(new LogSettings(), settings.Log);
        Assert.Equal(new AdminSettings().Address, settings.Admin.Address);
    }

    [Fact]
    public void Load_EveryKeySet_ReachesItsSetting()
    {
        string path = Path.Combine(ConfigCorpus.Folder, "valid-everything.toml");

        ProxySettings settings = ConfigFile.Load(path, ConfigCorpus.Environment, out _)!;

        Assert.Equal(
            new NodeSettings
            {
                Name = "store-0042",
                Environment = "production",
                Loops = 2,
                DrainTimeout = TimeSpan.Zero,
                WatchInterval = TimeSpan.FromMilliseconds(250),
            },
            settings.Node);
        Assert.Equal(new LogSettings { Level = "debug", Format = "json" }, settings.Log);
        Assert.Equal(IPEndPoint.Parse("[::1]:7171"), settings.Admin.Address);
        Assert.True(ConfigChange.Same(
            new EntryPointSettings
            {
                Name = "web",
                Address = IPEndPoint.Parse("0.0.0.0:8080"),
                HeadLimits = new HeadLimits
                {
                    HeadBytes = 65_536,
                    FieldCount = 200,
                    TargetBytes = 16_384,
                    TrailerBytes = 1024,
                    ChunkExtensionBytes = 0,
                },
                HeadTimeout = TimeSpan.FromSeconds(5),
                KeepAliveTimeout = TimeSpan.FromSeconds(90),
                BodyIdleTimeout = TimeSpan.FromMilliseconds(500),
                BodyRateMin = 0,
                BodyRateGrace = TimeSpan.FromSeconds(10),
                WriteIdleTimeout = TimeSpan.FromMinutes(2),
                TunnelIdleTimeout = TimeSpan.FromHours(24),
                RequestsPerConnectionMax = 1000,
                ConnectionsMax = 1000,
                ConnectionsPerAddressMax = 16,
                TrustedIps =
                [
                    IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.0.2.1/32"), IPNetwork.Parse("2001:db8::/32"),
                    IPNetwork.Parse("::1/128"),
                ],
            },
            settings.EntryPoints[0]));
        Assert.Equal(["web", "local"], settings.Routers[0].EntryPoints);
        Assert.Equal(-5, settings.Routers[0].Priority);
        Assert.Equal(EncodedBytes.Slash | EncodedBytes.Backslash | EncodedBytes.Nul, settings.Routers[0].AllowEncoded);
        Assert.True(ConfigChange.Same(
            new ServiceSettings
            {
                Name = "orders",
                Servers =
                [
                    new ServerSettings("orders.internal", 8080, 10), new ServerSettings("2001:db8::5", 81, 1),
                    new ServerSettings("10.0.0.7", 80, 1),
                ],
                PassHostHeader = false,
                ConnectTimeout = TimeSpan.FromMilliseconds(10),
                ResponseTimeout = TimeSpan.Zero,
                ResponseIdleTimeout = TimeSpan.Zero,
                IdleTimeout = TimeSpan.FromHours(1),
                IdleConnectionsMax = 0,
            },
            settings.Services[0]));
    }

    [Fact]
    public void Parse_AdminOff_IsNoAddress() =>
        Assert.Null(ConfigCorpus.Parse("[admin]\naddress = \"off\"\n" + ConfigCorpus.Small).Admin.Address);

    [Fact]
    public void Parse_SameTextTwice_HasTheSameHash()
    {
        string first = ConfigCorpus.Parse(ConfigCorpus.Small).Hash;

        Assert.Matches("^[0-9a-f]{16}$", first);
        Assert.Equal(first, ConfigCorpus.Parse(ConfigCorpus.Small).Hash);
        Assert.NotEqual(first, ConfigCorpus.Parse(ConfigCorpus.Small + "\n").Hash);
    }

    [Fact]
    public void Load_OneFile_HasTheHashOfItsBytes()
    {
        string path = Write("edgeproxy.toml", ConfigCorpus.Small);

        ProxySettings settings = Load(path);

        Assert.Equal(ConfigCorpus.Parse(ConfigCorpus.Small).Hash, settings.Hash);
        Assert.Equal([path], settings.Files);
        Assert.Empty(settings.IncludePatterns);
    }

    [Fact]
    public void Load_Include_ReadsFilesInOrderOfTheirNamesOnce()
    {
        string main = Write("edgeproxy.toml",
            "include = [\"conf.d/*.toml\", \"conf.d/b.toml\", \"none.d/*.toml\", \"*.toml\"]\n" + ConfigCorpus.Small);
        string b = Write("conf.d/b.toml", "[node]\nname = \"b\"\n");
        string a = Write("conf.d/a.toml", "[services.a]\nservers = [{ url = \"http://a\" }]\n");
        Write("conf.d/.hidden.toml", "not toml");
        Write("conf.d/a.toml~", "not toml");

        ProxySettings settings = Load(main);

        Assert.Equal([main, a, b], settings.Files);
        Assert.Equal(["app", "a"], settings.Services.Select(service => service.Name));
        Assert.Equal("b", settings.Node.Name);
        Assert.Equal(4, settings.IncludePatterns.Count);
    }

    [Fact]
    public void Load_FaultInIncludedFile_NamesThatFile()
    {
        string main = Write("edgeproxy.toml", "include = [\"conf.d/*.toml\"]\n" + ConfigCorpus.Small);
        string a = Write("conf.d/a.toml", "\n[node]\nloops = -1\n");

        Assert.Null(ConfigFile.Load(main, ConfigCorpus.Environment, out var faults));

        Assert.StartsWith($"{a}:3:9: node.loops: ", Assert.Single(faults).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Include_IsAFault() =>
        Assert.StartsWith("test.toml:1:1: include: ",
            Assert.Single(ConfigCorpus.Faults("include = [\"a.toml\"]\n" + ConfigCorpus.Small)),
                StringComparison.Ordinal);

    [Theory]
    [InlineData("missing.toml", "does not exist")]
    [InlineData("missing/edgeproxy.toml", "does not exist")]
    [InlineData(".", "cannot be read")]
    public void Load_NoFile_IsAFault(string name, string expected)
    {
        string path = Path.Combine(_folder.FullName, name);

        Assert.Null(ConfigFile.Load(path, ConfigCorpus.Environment, out var faults));

        Assert.Equal($"{path}:1:1: config: {expected}", Assert.Single(faults).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void Load_NoFileName_IsAFault(string path)
    {
        Assert.Null(ConfigFile.Load(path, ConfigCorpus.Environment, out var faults));
        Assert.Equal("is not a file name", Assert.Single(faults).Message);
    }

    [Fact]
    public void Load_FileOverTheLimit_IsAFault()
    {
        string path = Write("edgeproxy.toml", new string('#', ConfigLimits.FileBytesMax + 1));

        Assert.Null(ConfigFile.Load(path, ConfigCorpus.Environment, out var faults));

        Assert.Equal("is larger than 4 MiB", Assert.Single(faults).Message);
        Assert.Single(ConfigCorpus.Faults(new string('#', ConfigLimits.FileBytesMax + 1)));
    }

    [Fact]
    public void Load_FileAtTheLimit_IsRead()
    {
        string path = Write("edgeproxy.toml",
            ConfigCorpus.Small + new string('#', ConfigLimits.FileBytesMax - ConfigCorpus.Small.Length));

        Assert.Equal(ConfigLimits.FileBytesMax, new FileInfo(path).Length);
        Assert.Single(Load(path).Routers);
    }

    [Theory]
    [InlineData("s3cret", "s3cret")]
    [InlineData("s3cret\n", "s3cret")]
    [InlineData("s3cret\r\n", "s3cret")]
    [InlineData("s3cret\n\n", "s3cret\n")]
    [InlineData(" s3cret ", " s3cret ")]
    public void Fill_Credential_IsTheFileWithoutItsLineEnd(string content, string expected)
    {
        Write("credentials/token.v1", content);
        var placeholders = new Placeholders(ConfigCorpus.Environment, Path.Combine(_folder.FullName, "credentials"));

        Assert.True(placeholders.TryFill("<${cred:token.v1}>", out string? filled, out _));

        Assert.Equal($"<{expected}>", filled);
    }

    [Fact]
    public void Load_CredentialsDir_IsRelativeToItsFile()
    {
        Write("secrets/node", "from-credential\n");
        string path = Write("edgeproxy.toml",
            "credentials_dir = \"secrets\"\n[node]\nname = \"${cred:node}\"\n" + ConfigCorpus.Small);

        Assert.Equal("from-credential", Load(path).Node.Name);
    }

    [Fact]
    public void Fill_CredentialOfSystemd_GoesBeforeCredentialsDir()
    {
        Write("systemd/both", "systemd");
        Write("own/both", "own");
        Write("own/only", "own");
        var environment = new ConfigEnvironment(
            name => name == "CREDENTIALS_DIRECTORY" ? Path.Combine(_folder.FullName, "systemd") : null, "host");
        var placeholders = new Placeholders(environment, Path.Combine(_folder.FullName, "own"));

        Assert.True(placeholders.TryFill("${cred:both} ${cred:only}", out string? filled, out _));

        Assert.Equal("systemd own", filled);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$", "$")]
    [InlineData("a$b {c}", "a$b {c}")]
    [InlineData("${env:STORE}", "0042")]
    [InlineData("<${env:STORE}-${env:STORE}>", "<0042-0042>")]
    [InlineData("$${env:STORE}", "${env:STORE}")]
    [InlineData("$${${env:STORE}", "${0042")]
    [InlineData("$$${env:STORE}", "$${env:STORE}")]
    public void Fill_Good_IsFilled(string text, string expected)
    {
        Assert.True(new Placeholders(ConfigCorpus.Environment, null).TryFill(text, out string? filled, out _));
        Assert.Equal(expected, filled);
    }

    [Theory]
    [InlineData("${env:}")]
    [InlineData("${env:NOT_SET}")]
    [InlineData("${env:A=B}")]
    [InlineData("${")]
    [InlineData("${}")]
    [InlineData("${env:STORE")]
    [InlineData("${ENV:STORE}")]
    [InlineData("${cred:}")]
    [InlineData("${cred:a/b}")]
    [InlineData("${cred:..}")]
    [InlineData("${cred:a\0}")]
    public void Fill_Bad_SaysWhy(string text)
    {
        Assert.False(new Placeholders(ConfigCorpus.Environment, "/nonexistent").TryFill(text, out _, out string? why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Fill_CredentialOverTheLimit_SaysWhy()
    {
        Write("big", new string('x', ConfigLimits.CredentialBytesMax + 1));

        Assert.False(new Placeholders(ConfigCorpus.Environment, _folder.FullName)
            .TryFill("${cred:big}", out _, out string? why));

        Assert.Contains("larger", why, StringComparison.Ordinal);
        Assert.DoesNotContain("xxx", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Fill_ValueWithPlaceholder_IsNotFilledAgain()
    {
        var environment = new ConfigEnvironment(name => name == "A" ? "${env:A}" : null, "host");

        Assert.True(new Placeholders(environment, null).TryFill("${env:A}", out string? filled, out _));

        Assert.Equal("${env:A}", filled);
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }

    private static ProxySettings Load(string path)
    {
        ProxySettings? settings = ConfigFile.Load(path, ConfigCorpus.Environment, out var faults);
        Assert.Empty(faults);
        return settings!;
    }

    [Fact]
    public void Sticky_WithoutSecret_TakesTheMachinesId()
    {
        const string Text = ConfigCorpus.Small + "sticky = {}\n";
        ConfigEnvironment nameless = ConfigCorpus.Environment with { MachineId = static () => null };

        StickySettings sticky = ConfigCorpus.Parse(Text).Services[0].Sticky!;
        Assert.Equal(32, sticky.Key.Count);
        Assert.Equal(sticky, ConfigCorpus.Parse(Text).Services[0].Sticky);
        Assert.NotEqual(
            sticky,
            ConfigCorpus.Parse(ConfigCorpus.Small + "sticky = { secret = \"another one, long enough\" }\n").Services[0].Sticky);

        Assert.Null(ConfigFile.Parse(Text, "test.toml", nameless, out var faults));
        Assert.Equal(
            "test.toml:10:10: services.app.sticky.secret: is missing, and /etc/machine-id has nothing to take its place; "
                + "write a string of 16 to 256 characters",
            Assert.Single(faults).ToString());
    }
}
