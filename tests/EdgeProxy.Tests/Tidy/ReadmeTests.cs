using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Tidy;

/// <summary>What README.md tells people to type and to write exists.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root = SourceTree.OfRepository().Root;
    private static readonly string Text = File.ReadAllText(Path.Combine(Root, "README.md"));

    public static TheoryData<string> Verbs => [.. Verb().Matches(Text).Select(m => m.Groups[1].Value).Distinct()];

    public static TheoryData<string> Paths =>
        [.. Link().Matches(Text).Select(m => m.Groups[1].Value)
            .Concat(Project().Matches(Text).Select(m => m.Value)).Distinct()];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Verb_InTheReadme_IsOneOfOurs(string verb)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(0, await CommandLine.InvokeAsync([verb, "--help"], new Shell { Output = output, Error = error }));
        Assert.Contains($" {verb} ", output.ToString());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Path_InTheReadme_Exists(string path) =>
        Assert.True(Path.Exists(Path.Combine(Root, path)), path);

    public static TheoryData<string> Configurations =>
        [.. Toml().Matches(Text).Select(m => m.Groups[1].Value).Where(toml => toml.Contains("[entrypoints."))];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Configuration_InTheReadme_HasNoFault(string toml)
    {
        string credentials = Directory.CreateTempSubdirectory("edgeproxy-test-").FullName;
        try
        {
            foreach (Match credential in Credential().Matches(toml))
            {
                File.WriteAllText(Path.Combine(credentials, credential.Groups[1].Value), "a-key");
            }

            ProxySettings? settings = ConfigFile.Parse(
                toml,
                "README.md",
                new ConfigEnvironment(name => name == "CREDENTIALS_DIRECTORY" ? credentials : null, "host"),
                out IReadOnlyList<ConfigFault> faults);

            Assert.Empty(faults);
            Assert.NotEmpty(settings!.Routers);
        }
        finally
        {
            Directory.Delete(credentials, recursive: true);
        }
    }

    [GeneratedRegex(@"^\s*(?:\S*/)?edgeproxy ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Verb();

    [GeneratedRegex(@"\]\(([^):#]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"src/[A-Za-z.]+")]
    private static partial Regex Project();

    [GeneratedRegex(@"```toml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Toml();

    [GeneratedRegex(@"\$\{cred:([^}]+)\}")]
    private static partial Regex Credential();
}
