using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Config.Keys;
using NJsonSchema;
using NJsonSchema.Validation;
using Xunit;

namespace EdgeProxy.Tests.Config;

/// <summary>The schema for editors, judged by a validator of other people's.</summary>
public sealed class ConfigSchemaTests : IAsyncLifetime
{
    private JsonSchema _schema = null!;

    public static TheoryData<string> GoodFiles =>
        [.. Directory.EnumerateFiles(ConfigCorpus.Folder, "valid-*.toml").Select(file => Path.GetFileName(file))];

    public static TheoryData<string> Paths => [.. DeclaredTable.All.Select(table => table.Path)];

    public async ValueTask InitializeAsync() =>
        _schema = await JsonSchema.FromJsonAsync(ConfigSchema.Json(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void Schema_GoodFile_IsAccepted(string file) =>
        Assert.Empty(Problems(TomlJson.Of(File.ReadAllText(Path.Combine(ConfigCorpus.Folder, file)))!));

    [Fact]
    public void Schema_DefaultFile_IsAccepted() => Assert.Empty(Problems(TomlJson.Of(ConfigReference.DefaultToml())!));

    [Fact]
    public void Schema_FileWithAnUnknownOrLaterKey_IsRefused()
    {
        int refused = 0;
        foreach (string faults in Directory.EnumerateFiles(ConfigCorpus.Folder, "*.faults"))
        {
            string toml = File.ReadAllText(Path.ChangeExtension(faults, ".toml"));
            bool isOfKeys = File.ReadLines(faults).Any(line =>
                line.EndsWith(": is unknown", StringComparison.Ordinal)
                || line.Contains(": is unknown; did you", StringComparison.Ordinal)
                || line.EndsWith(": is not supported in this version", StringComparison.Ordinal));
            if (isOfKeys && TomlJson.Of(toml) is { } json)
            {
                Assert.True(Problems(json).Count > 0, faults);
                refused++;
            }
        }

        Assert.True(refused > 3, $"{refused} files");
    }

    [Theory]
    [InlineData("[node]\nloops = -1", "node.loops")]
    [InlineData("[node]\nloops = 257", "node.loops")]
    [InlineData("[node]\nloops = \"2\"", "node.loops")]
    [InlineData("[node]\ndrain_timeout = \"5 s\"", "node.drain_timeout")]
    [InlineData("[node]\ndrain_timeout = 5", "node.drain_timeout")]
    [InlineData("[log]\nlevel = \"loud\"", "log.level")]
    [InlineData("[entrypoints.\"a b\"]\naddress = \":80\"", "entrypoints.a b")]
    [InlineData("[entrypoints.web]", "entrypoints.web.address")]
    [InlineData("[entrypoints.web]\naddress = \":80\"\nhead_bytes_max = \"1KB\"", "entrypoints.web.head_bytes_max")]
    [InlineData("[services.a]\nservers = []", "services.a.servers")]
    [InlineData("[services.a]\nstrategy = \"p2c\"", "services.a")]
    [InlineData("[services.a]\nstrategy = \"p2c\"\nfailover = { service = \"b\", fallback = \"c\" }", "services.a")]
    [InlineData("[services.a]\nservers = [{ url = \"http://a\", wait = 1 }]", "services.a.servers[0]")]
    [InlineData("[routers.a]\nservice = \"a\"\nrule = \"Path(`/`)\"\nallow_encoded = [\"dot\"]",
        "routers.a.allow_encoded[0]")]
    [InlineData("[middlewares.a]", "middlewares.a")]
    [InlineData("[middlewares.a]\nbody_limit = { max = 1 }\nrespond = {}", "middlewares.a")]
    [InlineData("[middlewares.a.headers]\nrequest = { add = {} }", "middlewares.a.headers.request")]
    public void Schema_WrongFile_IsRefusedWhereItIsWrong(string toml, string where)
    {
        Assert.NotEmpty(ConfigCorpus.Faults(toml));

        List<ValidationError> problems = Problems(TomlJson.Of(toml)!);

        // What is wrong within a table is told as a part of what is wrong with the table.
        Assert.Contains($"#/{where}", Assert.Single(problems).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[log]\nlevel = \"${env:LEVEL}\"")]
    [InlineData("[node]\ndrain_timeout = \"${env:N}s\"")]
    [InlineData("[entrypoints.web]\naddress = \":80\"\nhead_bytes_max = \"${cred:BYTES}\"")]
    public void Schema_PlaceholderInAString_IsAccepted(string toml) => Assert.Empty(Problems(TomlJson.Of(toml)!));

    [Theory]
    [MemberData(nameof(Paths))]
    public void Schema_DeclaredTable_HasItsKeysAndNoOther(string path)
    {
        TableDeclaration table = DeclaredTable.All.Single(declared => declared.Path == path).Table;
        using JsonDocument schema = JsonDocument.Parse(ConfigSchema.Json());
        JsonElement at = Find(schema.RootElement, path);

        Assert.False(at.GetProperty("additionalProperties").GetBoolean());
        Assert.Equal(
            table.Names().Order(StringComparer.Ordinal),
            at.GetProperty("properties").EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        foreach (Key key in table.Keys)
        {
            string text = at.GetProperty("properties").GetProperty(key.Name).GetProperty("description").GetString()!;
            Assert.StartsWith(key.Doc, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Schema_EveryKey_AcceptsItsDefaultAndItsExample()
    {
        using JsonDocument schema = JsonDocument.Parse(ConfigSchema.Json());
        foreach (DeclaredTable declared in DeclaredTable.All)
        {
            JsonElement properties = Find(schema.RootElement, declared.Path).GetProperty("properties");
            foreach (Key key in declared.Table.Keys)
            {
                JsonSchema own = await JsonSchema.FromJsonAsync(
                    properties.GetProperty(key.Name).GetRawText(), TestContext.Current.CancellationToken);
                foreach (string toml in new[] { key.DefaultToml, key.ExampleToml }.OfType<string>())
                {
                    JsonNode value = TomlJson.Of($"value = {toml}")!["value"]!;
                    Assert.True(own.Validate(value.ToJsonString()).Count == 0, $"{declared.Path}.{key.Name} = {toml}");
                }
            }
        }
    }

    private static JsonElement Find(JsonElement schema, string path)
    {
        foreach (string name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "NAME")
            {
                schema = schema.GetProperty("patternProperties").EnumerateObject().Single().Value;
                continue;
            }

            schema = schema.GetProperty("properties").GetProperty(name);
            schema = schema.TryGetProperty("items", out JsonElement items) ? items : schema;
        }

        return schema;
    }

    private List<ValidationError> Problems(JsonObject json) => [.. _schema.Validate(json.ToJsonString())];
}
