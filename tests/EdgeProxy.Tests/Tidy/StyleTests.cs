using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace EdgeProxy.Tests.Tidy;

/// <summary>
/// The style of this repository, and the rules that hold it: each is shown a violation and something innocent.
/// </summary>
public sealed class StyleTests
{
    private const string Core = "src/EdgeProxy.Core/Routing/X.cs";

    [Fact]
    public void Repository_Sizes_AreToBeRead() => AssertClean(SizeRules.Run(SourceTree.OfRepository()));

    [Fact]
    public void Repository_Names_SayWhatThingsAre() => AssertClean(NameRules.Run(SourceTree.OfRepository()));

    [Fact]
    public void Repository_Reach_IsSeenAndBounded() => AssertClean(ReachRules.Run(SourceTree.OfRepository()));

    [Fact]
    public void Repository_Words_AreTrue() => AssertClean(WordRules.Run(SourceTree.OfRepository()));

    [Fact]
    public void Repository_Bytes_ArePlain() => AssertClean(ByteRules.Run(SourceTree.OfRepository()));

    [Fact]
    public void Finding_SaysWhereWhatAndWhatInstead() =>
        Assert.Equal("a/b.cs:3: a tab, use spaces", new Finding("a/b.cs", 3, "a tab", "use spaces").ToString());

    [Theory]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", 701, "701 lines")]
    [InlineData("tests/EdgeProxy.Tests/X.cs", 1501, "1501 lines")]
    public void File_TooLong_IsFound(string path, int lines, string what)
    {
        using var planted = new PlantedTree((path, Lines(lines)), ("src/EdgeProxy.Core/Routing/Y.cs", ""), ("src/Z.cs", ""));

        Finding finding = Assert.Single(SizeRules.Run(planted.Tree));

        Assert.Equal(what, finding.What);
        Assert.StartsWith(path, finding.ToString());
    }

    [Theory]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", 700)]
    [InlineData("tests/EdgeProxy.Tests/X.cs", 1500)]
    public void File_LongEnough_IsFine(string path, int lines)
    {
        using var planted = new PlantedTree((path, Lines(lines)), ("src/EdgeProxy.Core/Routing/Y.cs", ""), ("src/Z.cs", ""));

        Assert.Empty(SizeRules.Run(planted.Tree));
    }

    [Fact]
    public void MedianFile_TooLong_IsFound()
    {
        using var planted = new PlantedTree(("src/a.cs", Lines(10)), ("src/b.cs", Lines(121)), ("src/c.cs", Lines(121)));

        Assert.Contains("median file has 121 lines", Assert.Single(SizeRules.Run(planted.Tree)).What);
    }

    [Fact]
    public void Line_TooWide_IsFound()
    {
        using var planted = new PlantedTree((Core, $"//{new string('x', 118)}\n//{new string('x', 119)}\n"));

        Finding finding = Assert.Single(SizeRules.Run(planted.Tree));

        Assert.Equal((2, "121 columns"), (finding.Line, finding.What));
    }

    [Fact]
    public void Line_QuotingBytes_MayBeWiderInTests()
    {
        string line = $"var x = \"{new string('x', 130)}\";";
        using var fine = new PlantedTree(("tests/X.cs", line));
        using var wide = new PlantedTree((Core, line));
        using var prose = new PlantedTree(("tests/X.cs", $"// \"{new string('x', 130)}\""));

        Assert.Empty(SizeRules.Run(fine.Tree));
        Assert.Single(SizeRules.Run(wide.Tree));
        Assert.Single(SizeRules.Run(prose.Tree));
    }

    [Fact]
    public void Blob_TooLarge_IsFound()
    {
        using var planted = new PlantedTree(("tests/corpus/x.bin", new string('x', (256 * 1024) + 1)));

        Assert.Equal("256 KiB", Assert.Single(SizeRules.Run(planted.Tree)).What);
    }

    [Theory]
    [InlineData("    public void M()\n    {\n", "    }\n", "X.M")]
    [InlineData("    public static async Task<int> M<T>(T a = default, int b = 3)\n        where T : class\n    {\n", "    }\n", "X.M")]
    [InlineData("    private static int M(int k) => k switch\n    {\n", "    };\n", "X.M")]
    [InlineData("    public X()\n    {\n", "    }\n", "X.X")]
    [InlineData("    public static bool operator ==(X a, X b)\n    {\n", "    }\n", "X.operator ==")]
    [InlineData("    private sealed class Y\n    {\n    void N(string s = \"{\")\n    {\n", "    }\n    }\n", "Y.N")]
    public void Method_TooLong_IsFound(string head, string foot, string name)
    {
        string body = string.Concat(Enumerable.Repeat("        x();\n", 70));
        using var planted = new PlantedTree((Core, $"namespace N;\n\ninternal sealed record X(int A)\n{{\n{head}{body}{foot}}}\n"));

        Finding finding = Assert.Single(SizeRules.Run(planted.Tree));

        Assert.StartsWith($"{name} has 7", finding.What);
    }

    [Theory]
    [InlineData("    public void M()\n    {\n", "    }\n", 67)]
    [InlineData("    [Theory]\n    [InlineData(new int[] {\n    })]\n    public void M()\n    {\n", "    }\n", 67)]
    [InlineData("    private static readonly int[] s_table = new(3)\n    {\n", "    };\n", 90)]
    [InlineData("    public IReadOnlyList<int> Table { get; } = Make(\n    [\n", "    ]);\n", 90)]
    public void Method_ShortOrNone_IsFine(string head, string foot, int lines)
    {
        string body = string.Concat(Enumerable.Repeat("        x();\n", lines));
        using var planted = new PlantedTree((Core, $"namespace N;\n\ninternal sealed class X\n{{\n{head}{body}{foot}}}\n"));

        Assert.Empty(SizeRules.Run(planted.Tree));
    }

    [Fact]
    public void Orchestrator_MayBeLonger_ButNotForEver()
    {
        static string Text(int lines) =>
            "class RequestPipeline\n{\n    void Run()\n    {\n"
            + string.Concat(Enumerable.Repeat("        x();\n", lines)) + "    }\n}\n";
        using var fine = new PlantedTree((Core, Text(116)), ("src/Y.cs", ""), ("src/Z.cs", ""));
        using var over = new PlantedTree((Core, Text(150)), ("src/Y.cs", ""), ("src/Z.cs", ""));

        Assert.Empty(SizeRules.Run(fine.Tree));
        Assert.Contains("RequestPipeline.Run", Assert.Single(SizeRules.Run(over.Tree)).What);
    }

    [Theory]
    [InlineData("internal sealed class ConfigManager;")]
    [InlineData("internal static class ByteUtils;")]
    [InlineData("internal abstract class MiddlewareBase;")]
    [InlineData("internal readonly record struct PeerInfo;")]
    [InlineData("internal interface IConnectionHelper;")]
    [InlineData("internal enum HTTPData;")]
    public void TypeName_EmptyWord_IsFound(string line)
    {
        using var planted = new PlantedTree((Core, $"namespace EdgeProxy.Routing;\n{line}\n"));

        Assert.Equal(2, Assert.Single(NameRules.Run(planted.Tree)).Line);
    }

    [Theory]
    [InlineData("internal sealed class Database;")]
    [InlineData("internal sealed class BasePath;", false)]
    [InlineData("internal sealed class Information;")]
    [InlineData("internal sealed class DataPathParts;")]
    [InlineData("internal sealed class DataPathData;", false)]
    [InlineData("// class ConfigManager")]
    public void TypeName_OtherWord_IsFine(string line, bool isFine = true)
    {
        using var planted = new PlantedTree((Core, $"namespace EdgeProxy.Routing;\n{line}\n"));

        Assert.Equal(isFine, !NameRules.Run(planted.Tree).Any());
    }

    [Fact]
    public void FileName_EmptyWord_IsFound()
    {
        using var planted = new PlantedTree(("src/EdgeProxy.Core/Routing/RouteHelpers.cs", ""));

        Assert.Contains("Helpers", Assert.Single(NameRules.Run(planted.Tree)).What);
    }

    [Theory]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", "EdgeProxy.Core.Routing", "EdgeProxy.Routing")]
    [InlineData("src/EdgeProxy.Primitives/Http/X.cs", "EdgeProxy.Http", "EdgeProxy.Primitives.Http")]
    [InlineData("src/EdgeProxy/Host/X.cs", "EdgeProxy", "EdgeProxy.Host")]
    [InlineData("tests/EdgeProxy.Tests/Tidy/X.cs", "EdgeProxy.Tests", "EdgeProxy.Tests.Tidy")]
    public void Namespace_NotAsItsFolder_IsFound(string path, string found, string expected)
    {
        using var wrong = new PlantedTree((path, $"namespace {found};\n"));
        using var right = new PlantedTree((path, $"namespace {expected};\n"));

        Assert.Contains(expected, Assert.Single(NameRules.Run(wrong.Tree)).Instead);
        Assert.Empty(NameRules.Run(right.Tree));
    }

    [Fact]
    public void EventId_GivenTwiceOrAsANumber_IsFound()
    {
        using var planted = new PlantedTree(
            ("src/EdgeProxy.Primitives/EventIds.cs", "class EventIds\n{\n    public const int A = 1001;\n    public const int B = 1001;\n}\n"),
            ("src/EdgeProxy.Core/Routing/Log.cs", "class Log\n{\n    object a = LoggerMessage.Define<int>(LogLevel.Error, 7);\n"
                + "    object b = LoggerMessage.Define(LogLevel.Error, EventIds.A);\n    [LoggerMessage(EventIds.A)]\n}\n"));

        string[] found = [.. NameRules.Run(planted.Tree).Select(f => f.ToString())];

        Assert.Equal(3, found.Length);
        Assert.Contains(found, f => f.Contains("Log.cs:5: [LoggerMessage]", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("EventIds.cs:4: B has the id 1001 of A", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("Log.cs:3:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", "using System.Linq;", "LINQ")]
    [InlineData("src/EdgeProxy/Host/X.cs", "using System.Linq;", "LINQ")]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", "var x = System.Linq.Enumerable.Empty<int>();", "LINQ")]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", "global using EdgeProxy.Primitives;", "global using")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "using Microsoft.AspNetCore.Http;", "ASP.NET")]
    [InlineData("src/EdgeProxy.Core/Transport/X.cs", "using Microsoft.AspNetCore.Http;", "ASP.NET")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "using Microsoft.AspNetCore.Connections;", "ASP.NET")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "var x = task.Result;", ".Result blocks")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "task.Wait();", ".Wait( blocks")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "task.GetAwaiter().GetResult();", "blocks")]
    [InlineData("tests/EdgeProxy.Tests/X.cs", "Thread.Sleep(1);", "Thread.Sleep")]
    public void Reach_TooFar_IsFound(string path, string line, string what)
    {
        using var planted = new PlantedTree((path, $"// one\n{line}\n"));

        Finding finding = Assert.Single(ReachRules.Run(planted.Tree));

        Assert.Contains(what, finding.What);
        Assert.Equal(2, finding.Line);
    }

    [Theory]
    [InlineData("src/EdgeProxy.Core/Config/X.cs", "using System.Linq;")]
    [InlineData("tests/EdgeProxy.Tests/X.cs", "using System.Linq;")]
    [InlineData("src/EdgeProxy.Core/Transport/X.cs", "using Microsoft.AspNetCore.Connections;")]
    [InlineData("src/EdgeProxy.Core/EntryPoints/X.cs", "using Microsoft.AspNetCore.Server.Kestrel.Core;")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "if (t.IsCompletedSuccessfully)\n{\n    Take(t.Result);\n}")]
    [InlineData("src/EdgeProxy.Core/Transport/X.cs", "int count = _epoll.Wait(10);")]
    [InlineData("src/EdgeProxy.Core/Pipeline/X.cs", "var x = scan.Results + scan.WaitTime; // task.Result")]
    public void Reach_Allowed_IsFine(string path, string line)
    {
        using var planted = new PlantedTree((path, line));

        Assert.Empty(ReachRules.Run(planted.Tree));
    }

    [Theory]
    [InlineData("/// <summary></summary>", "empty summary")]
    [InlineData("/// <summary>\n/// </summary>", "empty summary")]
    [InlineData("// TO" + "DO: later", "without a number")]
    [InlineData("// FIX" + "ME", "without a number")]
    [InlineData("/* HA" + "CK */", "without a number")]
    public void Comment_EmptyOrOpen_IsFound(string line, string what)
    {
        using var planted = new PlantedTree((Core, line));

        Assert.Contains(what, Assert.Single(WordRules.Run(planted.Tree)).What);
    }

    [Theory]
    [InlineData("/// <summary>Says something.</summary>")]
    [InlineData("// TO" + "DO #12: later")]
    [InlineData("// TO" + "DO ADR-0007: later")]
    [InlineData("var TO" + "DO = 1;")]
    public void Comment_FullOrNumbered_IsFine(string line)
    {
        using var planted = new PlantedTree((Core, line));

        Assert.Empty(WordRules.Run(planted.Tree));
    }

    [Theory]
    [InlineData("See `RouteGone`.", "`RouteGone` does not exist")]
    [InlineData("See `RouteGone.Match`.", "`RouteGone` does not exist")]
    [InlineData("See `src/EdgeProxy.Core/Routing/Gone.cs`.", "does not exist")]
    [InlineData("See `Routing/Gone.cs`.", "does not exist")]
    [InlineData("See `tests/gone/`.", "does not exist")]
    public void Document_NamingWhatIsNotThere_IsFound(string line, string what)
    {
        using var planted = new PlantedTree((Core, "class RouteTable;"), ("src/ARCHITECTURE.md", $"# A\n{line}\n"));

        Finding finding = Assert.Single(WordRules.Run(planted.Tree));

        Assert.Contains(what, finding.What);
        Assert.Equal(2, finding.Line);
    }

    [Theory]
    [InlineData("See `RouteTable`, `RouteTable.Match`, `RouteTable<T>`, `SocketsHttpHandler`.")]
    [InlineData("See `src/EdgeProxy.Core/Routing/X.cs`, `Routing/X.cs`, `src/EdgeProxy.Core/Routing/*`, `EdgeProxy.Core/Routing/`.")]
    [InlineData("`GET`, `/livez`, `Host`, `http://a/b.cs`, `edgeproxy run -c a/b.toml`, `head_timeout`, `text/plain`, `X-Forwarded-For`")]
    [InlineData("```\n`RouteGone`\n```")]
    public void Document_NamingWhatIsThere_IsFine(string line)
    {
        using var planted = new PlantedTree((Core, "class RouteTable { int Match; }"), ("src/ARCHITECTURE.md", line));

        Assert.Empty(WordRules.Run(planted.Tree));
    }

    [Fact]
    public void RejectReason_NoTestNames_IsFound()
    {
        const string reasons =
            "namespace X;\n/// <summary>Why, and {how}.</summary>\ninternal enum RejectReason : byte\n{\n    None,\n\n"
            + "    /// <summary>400, one</summary>\n    BareLf,\n    BareCr = 3,\n    NulByte,\n    LastOne\n}\n";
        using var planted = new PlantedTree(
            ("src/EdgeProxy.Primitives/Http/RejectReason.cs", reasons),
            ("tests/T.cs", "Assert.Equal(RejectReason.BareLf, x);"),
            ("tests/corpus/http/requests.tsv", "name\treject 400\tBareCr\n"));

        string[] found = [.. WordRules.Run(planted.Tree).Select(f => $"{f.Line} {f.What}")];

        Assert.Equal(["10 no test names NulByte", "11 no test names LastOne"], found);
    }

    [Theory]
    [InlineData(Core, "a\n\tb", "a tab", 2)]
    [InlineData(Core, "a\r\nb", "a carriage return", 1)]
    [InlineData(Core, "\ufeffa", "a byte order mark", 1)]
    [InlineData(Core, "// \u00a7 1", "a byte that is not ASCII", 1)]
    public void Bytes_NotPlain_AreFound(string path, string text, string what, int line)
    {
        using var planted = new PlantedTree((path, text));

        Assert.Contains(ByteRules.Run(planted.Tree), f => f.What == what && f.Line == line);
    }

    [Fact]
    public void Bytes_OutsideAscii_AreFineInTests()
    {
        using var planted = new PlantedTree(("tests/EdgeProxy.Tests/X.cs", "// \u00a7 1"));

        Assert.Empty(ByteRules.Run(planted.Tree));
    }

    [Theory]
    [InlineData("tools/x.cs")]
    [InlineData("notes.txt")]
    public void Place_NotOfTheHouse_IsFound(string path)
    {
        using var planted = new PlantedTree((path, "x"), ("README.md", "x"), ("artifacts/bin/x.cs", "\t"));

        Assert.Equal((path, "not a place of the house"), (Assert.Single(ByteRules.Run(planted.Tree)) is var f) ? (f.Path, f.What) : default);
    }

    [Theory]
    [InlineData("src/ARCHITECTURE.md", "built in /wor" + "k/shared")]
    [InlineData("src/decisions/0001-x.md", "as the work" + "tree says")]
    [InlineData("src/EdgeProxy.Core/Routing/X.cs", "// a sub" + "agent wrote this")]
    [InlineData(".ci/run", "# /tm" + "p/art-x")]
    [InlineData("README.md", "see reliability" + ".md section 3")]
    public void Word_OfAWorkplace_IsFound(string path, string line)
    {
        using var planted = new PlantedTree((path, line));

        Assert.Contains("workplace", Assert.Single(ByteRules.Run(planted.Tree)).What);
    }

    [Theory]
    [InlineData("\"a//b\" // c", "\"    \"     ")]
    [InlineData("'\"' + \"\\\"x\" + x", "' ' + \"   \" + x")]
    [InlineData("@\"a\"\"b\" + x", "@\"    \" + x")]
    [InlineData("$\"a{b + \"c\"}d{{e}}\" + x", "$\"  b + \" \"       \" + x")]
    [InlineData("\"\"\"a \"b\" c\"\"\" + x", "\"\"\"       \"\"\" + x")]
    [InlineData("$$\"\"\"a{b}{{c}}\"\"\" + x", "$$\"\"\"      c  \"\"\" + x")]
    [InlineData("a /* b\nc */ d", "a     \n     d")]
    public void CodeText_KeepsCodeAndBlanksTheRest(string source, string code) =>
        Assert.Equal(code, CodeText.Of(source));

    private static void AssertClean(IEnumerable<Finding> findings)
    {
        string all = string.Join('\n', findings);
        Assert.True(all.Length == 0, all);
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("// x\n", count));
}
