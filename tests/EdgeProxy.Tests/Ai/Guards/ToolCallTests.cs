using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>Rules about calls of tools: whole, in history, and in streams.</summary>
public sealed class ToolCallTests
{
    private const string Evil = "{\"path\":\"/etc/passwd\",\"n\":[1,{\"a\":null}]}";

    public static TheoryData<string> Kinds => [.. ToolStreams.Kinds.Select(kind => kind.ToString())];

    // The shapes of each dialect, and the ways to hide a call in one.
    [Theory]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"delete_all\",\"arguments\":\"{}\"}}]}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"a\"}},{\"function\":{\"name\":\"d\\u0065lete_all\"}}]}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"type\":\"custom\",\"custom\":{\"name\":\"delete_all\",\"input\":\"x\"}}]}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"function_call\":{\"name\":\"delete_all\",\"arguments\":\"\"}}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"Tool_Calls\":[{\"Function\":{\"NAME\":\"DELETE_all\"}}]}}]}")]
    [InlineData("{\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"tool_use\",\"name\":\"delete_all\",\"input\":{}}]}")]
    [InlineData("{\"content\":[{\"type\":\"server_tool_use\",\"name\":\"delete_all\",\"input\":{}}]}")]
    [InlineData("{\"output\":[{\"type\":\"function_call\",\"name\":\"delete_all\",\"arguments\":\"{}\"}]}")]
    [InlineData("{\"output\":[{\"type\":\"custom_tool_call\",\"name\":\"delete_all\",\"input\":\"{}\"}]}")]
    [InlineData("{\"output\":[{\"type\":\"mcp_call\",\"name\":\"delete_all\",\"arguments\":\"{}\"}]}")]
    [InlineData("{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"delete_all\",\"arguments\":{}}}]}}")]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"delete_all\",\"arguments\":\"{}\"}}]}]}")]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"name\":\"delete_all\",\"input\":{}}]}]}")]
    [InlineData("{\"input\":[{\"type\":\"function_call\",\"name\":\"delete_all\",\"arguments\":\"{}\"}]}")]
    public void Name_Denied_InAnAnswerAndInHistory(string body)
    {
        using var bench = new GuardBench(Rule("delete_*"));

        bench.InspectAnswer(body);
        string answer = bench.Answer.Reason;
        bench.Inspect(body);

        Assert.Equal(("tool", "tool"), (answer, bench.Prompt.Reason));
    }

    // What declares a tool, chooses one or answers for it is no call; nor is what a tool is called with.
    [Theory]
    [InlineData("{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"delete_all\",\"parameters\":{}}}]}")]
    [InlineData("{\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"delete_all\"}}}")]
    [InlineData("{\"messages\":[{\"role\":\"tool\",\"name\":\"delete_all\",\"content\":\"x\"}]}")]
    [InlineData("{\"input\":[{\"type\":\"function_call_output\",\"name\":\"delete_all\",\"output\":\"x\"}]}")]
    [InlineData("{\"content\":[{\"type\":\"tool_use\",\"name\":\"a\",\"input\":{\"type\":\"tool_use\",\"name\":\"delete_all\"}}]}")]
    [InlineData("{\"content\":[{\"type\":\"tool_use\",\"name\":\"undelete_all\",\"input\":{}}]}")]
    public void Name_OfNoCall_Passes(string body)
    {
        using var bench = new GuardBench(Rule("delete_*"));

        bench.InspectAnswer(body);

        Assert.False(bench.Answer.IsBlocked);
    }

    [Theory]
    [InlineData("{\"path\":\"/etc/passwd\"}", "", "\"path\":\"/etc/", true)]
    [InlineData("{ \"path\" :\t\"\\/\\u0065tc/passwd\" }", "", "\"path\":\"/etc/", true)]
    [InlineData("{\"path\":\"a\\nb\\u0001\\u00e9\"}", "", "^\\{\"path\":\"a\\\\nb\\\\u0001\u00e9\"\\}$", true)]
    [InlineData("{\"path\":\"/home/x\"}", "", "\"path\":\"/etc/", false)]
    [InlineData("{\"p\":{\"q\":[{\"r\":\"x\"},{\"R\":\"ev\\u0069l\"}]}}", "p.q[].r", "^evil$", true)]
    [InlineData("{\"p\":{\"q\":[{\"r\":\"x\"},{\"r\":{\"s\":\"evil\"}}]}}", "p.q[].r", "^evil$", false)]
    [InlineData("{\"p\":{\"q\":[{\"r\":\"x\"},{\"r\":{\"s\": \"evil\"}}]}}", "p.q[].r", "\"s\":\"evil\"", true)]
    [InlineData("{\"force\":true}", "force", "^true$", true)]
    [InlineData("{\"n\":1e2}", "n", "^1e2$", true)]
    [InlineData("{\"P\":{\"\\u0071\":\"evil\"}}", "p.q", "evil", true)]
    [InlineData("{\"p\":\"evil\"}", "p.q", "evil", false)]
    [InlineData("", "", "^\\{\\}$", true)]
    [InlineData(" ", "a", "x", false)]
    [InlineData("{\"a\":1", "a", "x", true)] // cut: nobody can tell
    [InlineData("{\"a\":1,\"a\":2}", "a", "x", true)] // twice: readers differ
    [InlineData("[1]", "a", "x", true)]
    [InlineData("{\"a\":\"\\ud800\"}", "b", "x", false)]
    public void Arguments_AreLookedAtDecoded(string given, string path, string pattern, bool isDenied)
    {
        using var bench = new GuardBench(Rule("run", pattern, path));

        bench.InspectAnswer($"{{\"output\":[{{\"type\":\"function_call\",\"name\":\"run\",\"arguments\":{ToolStreams.Quote(given)}}}]}}");

        Assert.Equal(isDenied, bench.Answer.IsBlocked);
    }

    [Fact]
    public void Arguments_NestedDeeperThanAnybodyReads_AreDenied()
    {
        using var bench = new GuardBench(Rule("run", "x", "a"));
        string deep = "{\"a\":" + new string('[', 100) + new string(']', 100) + "}";

        bench.InspectAnswer($"{{\"output\":[{{\"type\":\"function_call\",\"name\":\"run\",\"arguments\":{ToolStreams.Quote(deep)}}}]}}");

        Assert.Equal("tool", bench.Answer.Reason);
    }

    [Fact]
    public void Arguments_LongerThanIsLookedInto_AreDenied()
    {
        using var bench = new GuardBench(Rule("run", "evil", "a"));
        const int Most = GuardLimits.ArgumentsBytesMax;
        foreach ((int length, bool isDenied) in new[] { (Most - 8, false), (Most, true) })
        {
            bench.InspectAnswer("{\"output\":[{\"type\":\"mcp_call\",\"name\":\"run\",\"arguments\":{\"a\":\""
                + new string('x', length) + "\"}}]}");

            Assert.Equal(isDenied, bench.Answer.IsBlocked);
        }
    }

    // The first rule that allows or blocks decides; one that tells does not.
    [Theory]
    [InlineData("read", "{\"path\":\"/srv/a\"}", "")]
    [InlineData("read", "{\"path\":\"/etc/a\"}", "rest")]
    [InlineData("read", "{\"path\":\"/srv/a\",\"PATH\":\"/etc/a\"}", "rest")]
    [InlineData("read", "{}", "rest")]
    [InlineData("read", "{\"path\":", "rest")]
    [InlineData("READ", "{\"path\":\"/srv/a\"}", "rest")] // allowed as it is written only
    [InlineData("write", "{\"path\":\"/srv/a\"}", "rest")]
    public void Rules_AreTakenInTheirOrder(string tool, string given, string reason)
    {
        using var bench = new GuardBench(
            Rule("*", "srv", name: "told", action: FindingAction.Flag),
            Rule("read", "^/srv/", "path", "allowed", FindingAction.Flag, allows: true),
            Rule("*", name: "rest"));

        bench.InspectAnswer($"{{\"output\":[{{\"type\":\"function_call\",\"name\":\"{tool}\",\"arguments\":{ToolStreams.Quote(given)}}}]}}");

        Assert.Equal(reason, bench.Answer.Reason);
        Assert.Equal(reason.Length > 0, bench.Answer.IsBlocked);
    }

    [Theory]
    [InlineData("{\"name\":\"ok\",\"Name\":\"delete_all\",\"arguments\":\"{}\"}")]
    [InlineData("{\"name\":\"ok\",\"arguments\":\"{}\",\"ARGUMENTS\":\"{}\"}")]
    public void Call_ThatCanBeTakenForTwo_IsDenied(string function)
    {
        using var bench = new GuardBench(Rule("none"));

        bench.InspectAnswer($"{{\"choices\":[{{\"message\":{{\"tool_calls\":[{{\"function\":{function}}}]}}}}]}}");

        Assert.Equal("tool_call", bench.Answer.Reason);
    }

    // Some servers write null for all they have not, in each of their chunks: that is no call.
    public static TheoryData<string, string> Nulls => new()
    {
        {
            nameof(AiCallKind.ChatCompletions), "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\","
                + "\"refusal\":null,\"function_call\":null,\"tool_calls\":null},\"finish_reason\":null}]}\n\n"
        },
        {
            nameof(AiCallKind.ChatCompletions), "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\",\"tool_calls\":"
                + "[null,{},{\"index\":0,\"id\":null,\"type\":\"function\",\"function\":null,\"custom\":null}]}}]}\n\n"
        },
        {
            nameof(AiCallKind.Messages), "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
                + "\"content_block\":{\"type\":\"text\",\"text\":\"\",\"name\":null,\"input\":null}}\n\n"
                + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"text_delta\",\"text\":\"a\",\"partial_json\":null}}\n\n"
        },
        {
            nameof(AiCallKind.Responses), "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\","
                + "\"output_index\":0,\"item\":{\"type\":\"message\",\"content\":[],\"name\":null,\"arguments\":null}}\n\n"
        },
        {
            nameof(AiCallKind.OllamaChat), "{\"model\":\"m\",\"message\":{\"content\":\"a\",\"tool_calls\":null,"
                + "\"function_call\":null},\"done\":false}\n"
        },
    };

    [Theory]
    [MemberData(nameof(Nulls))]
    public void Stream_WithNullInThePlaceOfACall_IsNotHeld(string name, string part)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("*", "evil", "path"));
        byte[] stream = Encoding.UTF8.GetBytes(part);
        bench.PassOn(kind, stream);
        Assert.Equal(part, bench.Written);

        string end = kind == AiCallKind.ChatCompletions
            ? "data: {\"choices\":[{\"index\":0,\"delta\":{\"function_call\":null,\"tool_calls\":null},"
                + "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
            : "";
        Assert.Equal(part + end, bench.Stream(kind, Encoding.UTF8.GetBytes(part + end)));
        Assert.False(bench.Answer.IsBlocked);
    }

    [Theory]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"a\",\"function_call\":null,\"tool_calls\":null}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"a\",\"tool_calls\":[null]}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"name\":null,"
        + "\"custom\":null,\"function\":{\"name\":\"ok\",\"arguments\":\"{\\\"path\\\":1}\",\"input\":null}}]}}]}")]
    [InlineData("{\"content\":[{\"type\":\"text\",\"text\":\"a\",\"name\":null,\"input\":null}]}")]
    [InlineData("{\"output\":[{\"type\":\"function_call\",\"name\":\"ok\",\"arguments\":\"{\\\"path\\\":1}\",\"input\":null}]}")]
    [InlineData("{\"output\":[{\"type\":\"shell_call\",\"name\":null,\"path\":1}]}")]
    [InlineData("{\"message\":{\"content\":\"a\",\"tool_calls\":null}}")]
    public void Answer_WithNullInThePlaceOfACall_Passes(string body)
    {
        using var bench = new GuardBench(
            Rule("ok", "^1$", "path", "allowed", FindingAction.Flag, allows: true),
            Rule("shell_call", "^1$", "path", "allowed too", FindingAction.Flag, allows: true),
            Rule("*", name: "rest"));

        bench.InspectAnswer(body);

        Assert.False(bench.Answer.IsBlocked);
    }

    // Nor is a call one that passes because parts of it are null.
    [Theory]
    [InlineData("{\"name\":null,\"custom\":null,\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}")]
    [InlineData("{\"index\":0,\"function\":null,\"custom\":{\"name\":\"run\",\"input\":\"x\"}}")]
    [InlineData("{\"index\":0,\"Function\":{\"name\":\"run\",\"arguments\":\"{}\"}}")]
    public void Stream_WithNullBesideACall_IsStopped(string call)
    {
        using var bench = new GuardBench(Rule("run"));

        string written = bench.Stream(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" + call + "]}}]}\n\ndata: [DONE]\n\n"));

        Assert.True(bench.Answer.IsBlocked);
        Assert.DoesNotContain("run", written, StringComparison.Ordinal);
    }

    // Cut at every place, and into single characters: a call that is allowed is the client's to the byte.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_OfACallThatPasses_IsAsItCame(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("run", "shadow", "path"), Rule("none"));
        foreach (string[] parts in Splits(Evil))
        {
            byte[] stream = ToolStreams.Of(kind, "run", parts);
            Assert.Equal(Encoding.UTF8.GetString(stream), bench.Stream(kind, stream));
            Assert.False(bench.Answer.IsBlocked);
        }
    }

    // Nothing of a call that is denied goes out, however it is cut, and the stream ends as its dialect says.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_OfACallThatIsDenied_EndsBeforeIt(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("run", "^/etc/", "path"));
        foreach (string[] parts in Splits(Evil))
        {
            string written = bench.Stream(kind, ToolStreams.Of(kind, "run", parts));

            Assert.Equal(("tool", true), (bench.Answer.Reason, bench.IsOver));
            Assert.Contains("Well. ", written, StringComparison.Ordinal);
            Assert.DoesNotContain("run", written, StringComparison.Ordinal);
            Assert.DoesNotContain("tool_use", written, StringComparison.Ordinal);
            Assert.DoesNotContain("\"index\":1", written, StringComparison.Ordinal);
            Assert.EndsWith(EndOf(kind), written, StringComparison.Ordinal);
        }
    }

    // Each byte by itself.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_ByteByByte_IsTheSame(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var denying = new GuardBench(Rule("run", "^/etc/", "path"));
        using var passing = new GuardBench(Rule("run", "^/srv/", "path"));
        byte[] stream = ToolStreams.Of(kind, "run", Evil[..9], Evil[9..]);
        int[] cuts = [.. Enumerable.Range(0, stream.Length)];

        Assert.Equal(denying.Stream(kind, stream), denying.Stream(kind, stream, cuts));
        Assert.Equal(Encoding.UTF8.GetString(stream), passing.Stream(kind, stream, cuts));
    }

    // By its name alone: at once, whatever else there is to come.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_OfAToolThatIsDenied_EndsAtItsName(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("RU*"));
        byte[] stream = ToolStreams.Of(kind, "run", Evil);
        int named = Encoding.UTF8.GetString(stream).IndexOf("\"run\"", StringComparison.Ordinal);
        int end = Encoding.UTF8.GetString(stream).IndexOf('\n', named) + 2;

        string written = bench.Stream(kind, stream[..Math.Min(stream.Length, end)]);

        Assert.True(bench.IsOver);
        Assert.EndsWith(EndOf(kind), written, StringComparison.Ordinal);
    }

    // Rules that only tell hold nothing back.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_UnderARuleThatOnlyTells_IsNotHeldAndIsTold(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("run", "^/etc/", "path") with { ReportOnly = true });
        byte[] stream = ToolStreams.Of(kind, "run", Evil[..9], Evil[9..]);

        Assert.Equal(Encoding.UTF8.GetString(stream), bench.Stream(kind, stream));
        Span<byte> told = stackalloc byte[512];
        Assert.Equal("tool:block?:1", Encoding.UTF8.GetString(told[..bench.Answer.WriteWith(default, told)]));
    }

    [Fact]
    public void Stream_WithSeveralCallsAtOnce_WaitsForAll()
    {
        using var bench = new GuardBench(Rule("run", "^/etc/", "path"));
        string Chunk(string calls, string finish = "null") =>
            $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{calls}]}},\"finish_reason\":{finish}}}]}}\n\n";
        string Call(int place, string name, string given) =>
            $"{{\"index\":{place},\"function\":{{{(name.Length > 0 ? $"\"name\":\"{name}\"," : "")}\"arguments\":{ToolStreams.Quote(given)}}}}}";
        string good = Chunk(Call(0, "run", "{\"pa") + "," + Call(1, "other", "{")) + Chunk(Call(0, "", "th\":\"/srv\"}"));
        string bad = Chunk(Call(1, "", "}") + "," + Call(2, "run", "{\"path\":\"/etc/x\"}")) + Chunk("", "\"tool_calls\"");

        string passed = bench.Stream(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(good + Chunk("", "\"tool_calls\"")));
        string denied = bench.Stream(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(good + bad));

        Assert.Equal(good + Chunk("", "\"tool_calls\""), passed);
        Assert.DoesNotContain("run", denied, StringComparison.Ordinal);
        Assert.EndsWith(EndOf(AiCallKind.ChatCompletions), denied, StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_WhoseCallNeverEnds_DoesNotFillTheMemory()
    {
        using var bench = new GuardBench(Rule("run", "^/etc/", "path"));
        string part = new('x', 1000);

        string written = bench.Stream(
            AiCallKind.ChatCompletions, ToolStreams.Of(AiCallKind.ChatCompletions, "run", [.. Enumerable.Repeat(part, 2000)]));

        Assert.Equal("too_long", bench.Answer.Reason);
        Assert.EndsWith(EndOf(AiCallKind.ChatCompletions), written, StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_WithTwoNamesForACall_IsEnded()
    {
        using var bench = new GuardBench(Rule("none"));
        string Chunk(string name) => "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
            + $"{{\"name\":\"{name}\",\"arguments\":\"\"}}}}]}}}}]}}\n\n";

        bench.Stream(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(Chunk("ok") + Chunk("ok") + Chunk("delete") + "data: [DONE]\n\n"));

        Assert.Equal("tool_call", bench.Answer.Reason);
    }

    // Some clients put a name together that comes in parts: what such a call is made with is not theirs to see.
    [Fact]
    public void Stream_WithANameInTwoParts_SaysNothingOfItsArguments()
    {
        using var bench = new GuardBench(Rule("delete_file"));
        string Chunk(string call) =>
            $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{call}}}]}}}}]}}\n\n";

        string written = bench.Stream(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(
            Chunk("{\"name\":\"delete\"}") + Chunk("{\"name\":\"_file\"}")
                + Chunk("{\"arguments\":\"{\\\"path\\\":\\\"/srv\\\"}\"}") + "data: [DONE]\n\n"));

        Assert.Equal("tool_call", bench.Answer.Reason);
        Assert.DoesNotContain("/srv", written, StringComparison.Ordinal);
    }

    // The room is for the calls that are open at once, not for all that an answer makes.
    [Fact]
    public void Stream_OfManyLongCalls_OneAfterTheOther_IsAsItCame()
    {
        using var bench = new GuardBench(Rule("run", "^/etc/", "path"));
        string path = new('x', GuardLimits.ArgumentsBytesMax / 2);
        string Event(string name, string data) => $"event: {name}\ndata: {{\"type\":\"{name}\",{data}}}\n\n";
        string Call(int index) =>
            Event("content_block_start", $"\"index\":{index},\"content_block\":"
                + $"{{\"type\":\"tool_use\",\"id\":\"t{index}\",\"name\":\"run\",\"input\":{{}}}}")
            + Event("content_block_delta", $"\"index\":{index},\"delta\":{{\"type\":\"input_json_delta\","
                + $"\"partial_json\":{ToolStreams.Quote($"{{\"path\":\"{path}\"}}")}}}")
            + Event("content_block_stop", $"\"index\":{index}");
        string stream = Event("message_start", "\"message\":{\"content\":[]}")
            + string.Concat(Enumerable.Range(0, 4).Select(Call)) + Event("message_stop", "\"x\":0");

        Assert.Equal(stream, bench.Stream(AiCallKind.Messages, Encoding.UTF8.GetBytes(stream)));
        Assert.False(bench.Answer.IsBlocked);
    }

    [Fact]
    public void Stream_WithCalls_AllocatesNothing()
    {
        using var bench = new GuardBench(Rule("run", "shadow", "path"));
        byte[] stream = ToolStreams.Of(AiCallKind.ChatCompletions, "run", Evil[..9], Evil[9..]);

        Allocations.AssertNone(() => bench.Pass(AiCallKind.ChatCompletions, stream));
    }

    // Whatever a model calls a tool with, however it spells it and wherever its events are cut: a rule finds what a
    // parser finds.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_OfAnyArguments_IsJudgedAsAParserReadsThem(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench(Rule("run", "^evil$", "a.b[].c"));
        Gen<string> words = AnyOf("evil", "ev", "", "a\"b\\", "\u00e9\uD83D\uDE00", "\n", "evil ");
        Gen<JsonNode?> leaf = Gen.OneOf(
            words.Select(word => (JsonNode?)word), Gen.Int[-5, 5].Select(number => (JsonNode?)number),
            Gen.Const((JsonNode?)null), Gen.Bool.Select(value => (JsonNode?)value));
        Gen<JsonNode?> value = Gen.Recursive<JsonNode?>((depth, inner) => depth > 4 ? leaf : Gen.OneOf(
            leaf,
            inner.Array[0, 3].Select(items => (JsonNode?)new JsonArray([.. items.Select(Copy)])),
            Gen.Select(AnyOf("a", "b", "c", "A", "B", "C", "d"), inner).Array[0, 3].Select(ObjectOf)));
        Gen.Select(value.Array[0, 3], Gen.Int[0, 1_000_000], Gen.Int[1, 9]).Sample((items, seed, size) =>
        {
            JsonNode given = ObjectOf([("a", ObjectOf([("b", new JsonArray([.. items.Select(Copy)])), ("d", 1)])), ("c", "evil")])!;
            string spelled = Spell(given, new Random(seed));
            bench.Pass(kind, ToolStreams.Of(kind, "run", [.. spelled.Chunk(size).Select(part => new string(part))]));
            Assert.Equal(IsEvil(given), bench.Answer.IsBlocked);
        }, iter: 400, threads: 1);
    }

    private static Gen<string> AnyOf(params string[] words) =>
        Gen.Int[0, words.Length - 1].Select(place => words[place]);

    private static bool IsEvil(JsonNode given) =>
        Members(given, "a").SelectMany(a => Members(a, "b")).OfType<JsonArray>().SelectMany(list => list)
            .SelectMany(item => Members(item, "c"))
            .Any(c => c is JsonValue one && one.GetValueKind() == JsonValueKind.String && (string?)one == "evil");

    private static IEnumerable<JsonNode?> Members(JsonNode? node, string name) =>
        node is not JsonObject members ? []
            : members.Where(member => member.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(member => member.Value);

    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    private static JsonNode? ObjectOf((string Name, JsonNode? Value)[] members)
    {
        var made = new JsonObject();
        foreach ((string name, JsonNode? value) in members)
        {
            made[name] = Copy(value);
        }

        return made;
    }

    // With spaces and escapes anywhere they may be.
    private static string Spell(JsonNode? node, Random random)
    {
        string space = random.Next(4) == 0 ? " \t" : "";
        string text = node switch
        {
            JsonObject members => "{" + string.Join(",", members.Select(member =>
                $"{space}{Word(member.Key, random)}{space}:{Spell(member.Value, random)}")) + "}",
            JsonArray items => "[" + string.Join(",", items.Select(item => Spell(item, random))) + "]",
            JsonValue one when one.GetValueKind() == JsonValueKind.String => Word((string)one!, random),
            null => "null",
            _ => node.ToJsonString(),
        };
        return space + text + space;
    }

    private static string Word(string word, Random random) => "\"" + string.Concat(word.Select(sign =>
        sign is < ' ' or '"' or '\\' || char.IsSurrogate(sign) || random.Next(3) == 0 ? $"\\u{(int)sign:x4}" : sign + "")) + "\"";

    private static IEnumerable<string[]> Splits(string text)
    {
        for (int cut = 0; cut <= text.Length; cut++)
        {
            yield return [text[..cut], text[cut..]];
        }

        yield return [.. text.Select(sign => sign.ToString())];
    }

    private static string EndOf(AiCallKind kind) => kind switch
    {
        AiCallKind.ChatCompletions => "\"content_filter\"}]}\n\ndata: [DONE]\n\n",
        AiCallKind.Messages => "\"stop_reason\":\"refusal\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":0}}\n\n"
            + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        AiCallKind.Responses => "\"usage\":null}}\n\n",
        _ => "\"done\":true,\"done_reason\":\"content_filter\"}\n",
    };

    private static GuardRule Rule(
        string tool,
        string? pattern = null,
        string path = "",
        string name = "tool",
        FindingAction action = FindingAction.Block,
        bool allows = false) => new()
        {
            Name = name,
            Detect = GuardDetect.ToolCall,
            Action = action,
            Call = new ToolCallMatch(tool, pattern, path.Length == 0
                ? Sequence<string>.Empty
                : EdgeProxy.Config.Keys.ParameterPathKey.Split(path), allows),
        };
}
