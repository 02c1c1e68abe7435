using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeProxy.Config.Tables;
using Xunit;

namespace EdgeProxy.Tests.Config;

/// <summary>What can be wrong with a middleware has been written wrong in the corpus.</summary>
public class MiddlewareFaultsTests
{
    private static readonly string s_faults =
        string.Concat(Directory.EnumerateFiles(ConfigCorpus.Folder, "*.faults").Select(File.ReadAllText));

    [Fact]
    public void EachKind_HasFaults() => Assert.All(
        MiddlewareTable.Declaration.Names(), static kind => Assert.True(Has($@"\.{kind}[.:]"), kind));

    [Fact]
    public void EachKey_HasAFault()
    {
        var missing = new List<string>();
        foreach (DeclaredTable declared in DeclaredTable.All.Where(
            static one => one.Path.StartsWith("middlewares.NAME.") && !one.IsValue))
        {
            string kind = Regex.Escape(declared.Path["middlewares.NAME.".Length..]);
            missing.AddRange(declared.Table.Keys.Where(key => !Has($@"\.{kind}\.{key.Name}[.:\[]"))
                .Select(key => $"{kind}.{key.Name}"));
        }

        Assert.Empty(missing);
    }

    private static bool Has(string rest) =>
        Regex.IsMatch(s_faults, @"^[^ ]+:\d+:\d+: middlewares\.[^.: ]+" + rest, RegexOptions.Multiline);
}
