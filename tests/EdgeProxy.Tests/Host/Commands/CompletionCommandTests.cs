using System;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.Tests.Config;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

public sealed class CompletionCommandTests : IDisposable
{
    private static readonly string Packaging = Path.Combine(ConfigCorpus.Root, "packaging");

    private readonly CommandRun _run = new("this is no configuration");

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Invoke_PrintsTheScriptThatIsPackaged(string shell)
    {
        Assert.Equal(0, await _run.InvokeAsync("completion", shell));

        string path = Path.Combine(Packaging, "completions", $"edgeproxy.{shell}");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(path, _run.Output, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), _run.Output);
    }

    [Fact]
    public async Task Invoke_UnknownShell_IsWrongUsage()
    {
        Assert.Equal(2, await _run.InvokeAsync("completion", "cmd"));
        Assert.Contains("'bash'", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bash_NamesEveryVerb_AndSoDoesTheManual()
    {
        await _run.InvokeAsync("completion", "bash");
        string words = Between(_run.Output, "'') words='", "'");
        string manual = await File.ReadAllTextAsync(
            Path.Combine(Packaging, "man", "edgeproxy.8"), TestContext.Current.CancellationToken);

        string[] verbs = Array.FindAll(words.Split(' '), w => !w.StartsWith('-'));
        Assert.Contains("run", verbs);
        foreach (string verb in verbs)
        {
            string below = Between(_run.Output, $"    '{verb}') words='", "'");
            string first = Array.Find(below.Split(' '), w => !w.StartsWith('-')) is { } child ? $"{verb} {child}" : verb;
            Assert.Matches($@"\n\.BI? ""?{first}\b", manual);
        }
    }

    public void Dispose() => _run.Dispose();

    private static string Between(string text, string before, string after)
    {
        int start = text.IndexOf(before, StringComparison.Ordinal);
        Assert.True(start >= 0, $"no {before}");
        start += before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
