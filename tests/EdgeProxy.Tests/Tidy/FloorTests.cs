using System.Linq;
using Xunit;

namespace EdgeProxy.Tests.Tidy;

/// <summary>The floors of this repository, and the check that holds them.</summary>
public sealed class FloorTests
{
    [Fact]
    public void Repository_EveryReference_GoesDown()
    {
        string all = string.Join('\n', FloorCheck.Run(SourceTree.OfRepository()));
        Assert.True(all.Length == 0, all);
    }

    [Fact]
    public void Repository_HasSourcesOnTheFloors()
    {
        // A check that looks at nothing finds nothing.
        SourceTree tree = SourceTree.OfRepository();

        Assert.True(tree.Source.Count() > 30);
        Assert.Contains(tree.Source, f => f.IsIn("src/EdgeProxy.Core/Routing"));
        Assert.Contains(tree.Source, f => f.IsIn("src/EdgeProxy.Primitives"));
        Assert.Contains(tree.Source, f => f.IsIn("src/EdgeProxy/Host"));
    }

    [Theory]
    [InlineData("EdgeProxy.Core/Routing", "using EdgeProxy.Services;", "Routing may not name Services")]
    [InlineData("EdgeProxy.Core/Routing", "using S = EdgeProxy.Transport.EpollLoop;", "Routing may not name Transport")]
    [InlineData("EdgeProxy.Core/Routing", "var x = new Services.Server();", "Routing may not name Services")]
    [InlineData("EdgeProxy.Core/Routing", "var x = new global::EdgeProxy.Services.Server();", "Routing may not name Services")]
    [InlineData("EdgeProxy.Core/Routing", "var x = $\"{Services.Server.Name}\";", "Routing may not name Services")]
    [InlineData("EdgeProxy.Core/Services", "using EdgeProxy.Pipeline;", "Services may not name Pipeline")]
    [InlineData("EdgeProxy.Core/Services", "using EdgeProxy.Routing;", "Services may not name Routing")]
    [InlineData("EdgeProxy.Core/Middlewares", "using EdgeProxy.Ai;", "Middlewares may not name Ai")]
    [InlineData("EdgeProxy.Core/Ai/Mcp", "using EdgeProxy.Middlewares;", "Ai may not name Middlewares")]
    [InlineData("EdgeProxy.Core/Middlewares", "using EdgeProxy.Transport;", "Middlewares may not name Transport")]
    [InlineData("EdgeProxy.Core/EntryPoints", "using EdgeProxy.Services;", "EntryPoints may not name Services")]
    [InlineData("EdgeProxy.Core/Pipeline", "using EdgeProxy.Config;", "Pipeline may not name Config")]
    [InlineData("EdgeProxy/Control", "using EdgeProxy.Middlewares;", "Control may not name Middlewares")]
    [InlineData("EdgeProxy/Control", "using EdgeProxy.Host;", "Control may not name Host")]
    [InlineData("EdgeProxy.Primitives/Http", "using EdgeProxy.Transport;", "Primitives may not name Transport")]
    public void Reference_UpOrSideways_IsFound(string folder, string line, string what)
    {
        using var planted = new PlantedTree(($"src/{folder}/X.cs", $"// one\n{line}\n"));

        Finding finding = Assert.Single(FloorCheck.Run(planted.Tree));

        Assert.Equal(($"src/{folder}/X.cs", 2, what), (finding.Path, finding.Line, finding.What));
    }

    [Theory]
    [InlineData("EdgeProxy.Core/Routing", "using EdgeProxy.Primitives.Http;")]
    [InlineData("EdgeProxy.Core/Routing", "// see EdgeProxy.Services.Server")]
    [InlineData("EdgeProxy.Core/Routing", "/* EdgeProxy.Services */ var x = \"EdgeProxy.Services.Server\";")]
    [InlineData("EdgeProxy.Core/Routing", "var x = \"\"\"\n  Services.Server \"x\" Pipeline.Exchange\n  \"\"\";")]
    [InlineData("EdgeProxy.Core/Routing", "var x = settings.Services.Count;")]
    [InlineData("EdgeProxy.Core/Services", "using EdgeProxy.Telemetry;")]
    [InlineData("EdgeProxy.Core/Config", "using EdgeProxy.Middlewares;")]
    [InlineData("EdgeProxy/Host", "using EdgeProxy.Control;")]
    public void Reference_DownOrNoneAtAll_IsFine(string folder, string line)
    {
        using var planted = new PlantedTree(($"src/{folder}/X.cs", line));

        Assert.Empty(FloorCheck.Run(planted.Tree));
    }

    [Theory]
    [InlineData("src/EdgeProxy.Core/X.cs")]
    [InlineData("src/EdgeProxy.Core/Infra/X.cs")]
    [InlineData("src/EdgeProxy.Core/Control/X.cs")]
    [InlineData("src/EdgeProxy/Routing/X.cs")]
    [InlineData("src/EdgeProxy.More/Routing/X.cs")]
    public void File_OnNoFloorOfItsProject_IsFound(string path)
    {
        using var planted = new PlantedTree((path, ""));

        Assert.Equal("stands on no floor", Assert.Single(FloorCheck.Run(planted.Tree)).What);
    }

    [Theory]
    [InlineData("EdgeProxy.Primitives", "EdgeProxy.Core")]
    [InlineData("EdgeProxy.Core", "EdgeProxy")]
    public void Project_ReferencingUpwards_IsFound(string project, string target)
    {
        using var planted = new PlantedTree((
            $"src/{project}/{project}.csproj",
            $"<Project><ItemGroup><ProjectReference Include=\"../{target}/{target}.csproj\" /></ItemGroup></Project>"));

        Assert.Equal($"{project} may not reference {target}", Assert.Single(FloorCheck.Run(planted.Tree)).What);
    }

    [Fact]
    public void Project_Unknown_IsFound()
    {
        using var planted = new PlantedTree(("src/EdgeProxy.More/EdgeProxy.More.csproj", "<Project />"));

        Assert.Single(FloorCheck.Run(planted.Tree));
    }
}
