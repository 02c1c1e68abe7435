using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using Xunit;

namespace EdgeProxy.Tests.Tidy;

/// <summary>build.ps1 in a PowerShell host without cmdlet modules, with a function in the place of dotnet.</summary>
public sealed class BuildScriptTests
{
    private static readonly string Root = SourceTree.OfRepository().Root;
    private static readonly string Script = Path.Combine(Root, "build.ps1");

    [Fact]
    public void Script_Parses()
    {
        Parser.ParseFile(Script, out _, out ParseError[] errors);

        Assert.Empty(errors.Select(e => $"{e.Extent.StartLineNumber}: {e.Message}"));
    }

    [Theory]
    [InlineData("build", "build|{root}EdgeProxy.sln|-c|Release")]
    [InlineData("test", "test|--solution|{root}EdgeProxy.sln|-c|Release")]
    [InlineData("publish", "publish|{root}src/EdgeProxy|-c|Release|-r|linux-x64")]
    [InlineData("package", "run|--project|{root}packaging/EdgeProxy.Packaging|-c|Release|--|--runtime|linux-x64")]
    [InlineData("bench", "run|--project|{root}bench/EdgeProxy.Bench|-c|Release|--")]
    public void Verb_CallsDotnet(string verb, string expected)
    {
        (int code, string called) = Run(shell => shell.AddArgument(verb));

        Assert.Equal((0, expected.Replace("{root}", Root, StringComparison.Ordinal)), (code, called));
    }

    [Fact]
    public void Publish_ForArm64_SaysSoToDotnet()
    {
        (int code, string called) = Run(shell => shell.AddParameter("Runtime", "linux-arm64").AddArgument("publish"));

        Assert.Equal(0, code);
        Assert.EndsWith("|-r|linux-arm64", called);
    }

    [Fact]
    public void Verb_MoreArguments_GoToDotnet()
    {
        (_, string called) = Run(shell => shell.AddArgument("bench").AddArgument("one").AddArgument("*two*"));

        Assert.EndsWith("|--|one|*two*", called);
    }

    [Fact]
    public void Verb_DotnetFails_ItsCodeIsOurs()
    {
        (int code, _) = Run(shell => shell.AddArgument("build"), dotnetCode: 3);

        Assert.Equal(3, code);
    }

    [Theory]
    [InlineData("help", 0)]
    [InlineData("nonsense", 2)]
    [InlineData("", 2)]
    public void Verb_ThatBuildsNothing_CallsNobody(string verb, int expected)
    {
        (int code, string called) = Run(shell => shell.AddArgument(verb));

        Assert.Equal((expected, ""), (code, called));
    }

    [Fact]
    public void Runtime_Unknown_Is2()
    {
        (int code, string called) = Run(shell => shell.AddParameter("Runtime", "win-x64").AddArgument("publish"));

        Assert.Equal((2, ""), (code, called));
    }

    // A function comes before a program of the same name, so no build is started and the call is seen as it was made.
    private static (int Code, string Called) Run(Action<PowerShell> arguments, int dotnetCode = 0)
    {
        using Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using (PowerShell stand = PowerShell.Create(runspace))
        {
            stand.AddScript(
                "$global:Called = ''; function global:dotnet { $global:Called = $args -join '|'; "
                + $"$global:LASTEXITCODE = {dotnetCode} }}");
            stand.Invoke();
        }

        using PowerShell shell = PowerShell.Create(runspace);
        shell.AddCommand(Script);
        arguments(shell);
        shell.Invoke(null, new PSDataCollection<PSObject>());
        List<string> errors = [.. shell.Streams.Error.Select(e => e.ToString())];
        Assert.Empty(errors);
        SessionStateProxy state = runspace.SessionStateProxy;
        return (state.GetVariable("LASTEXITCODE") is int code ? code : 0, (string)state.GetVariable("Called"));
    }
}
