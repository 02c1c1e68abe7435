using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>
/// Events of Responses that tell a text or a call whole: what came in parts before is not taken for new, and what comes
/// only there is not taken for old.
/// </summary>
public sealed class ResponsesStreamTests
{
    private const string Place = "\"item_id\":\"i\",\"output_index\":0,\"content_index\":0";

    private static readonly ExternalGuard Judge =
        new("judge", new Uri("http://127.0.0.1:1"), TimeSpan.FromSeconds(1), OpensOnFailure: false, ReportOnly: false)
        {
            AsksAnswers = true,
        };

    // The last parts of a published stream; each is enough to tell the text, and guards are asked about it once.
    public static TheoryData<string[]> Whole => new(
        TextDone("evil words"),
        PartDone("evil words"),
        ItemDone("evil words"),
        Completed("evil words"),
        [.. TextDone("evil words"), .. PartDone("evil words"), .. ItemDone("evil words"), .. Completed("evil words")],
        [.. Delta("good words"), .. TextDone("evil words"), .. Completed("evil words")],
        [.. Delta("good words"), .. TextDone("good words"), .. Completed("evil words")],
        ["response.content_part.added", $"{Place},\"part\":{{\"type\":\"output_text\",\"text\":\"evil words\"}}"],
        ["response.output_item.added", $"\"output_index\":0,\"item\":{Message("evil words")}"],
        ["response.reasoning_summary_text.done",
            "\"item_id\":\"i\",\"output_index\":0,\"summary_index\":0,\"text\":\"evil words\""],
        ["response.refusal.done", $"{Place},\"refusal\":\"evil words\""],
        ["response.failed", "\"response\":{\"error\":{\"code\":\"x\",\"message\":\"evil words\"},\"output\":[]}"],
        ["error", "\"message\":\"evil words\""]);

    [Theory]
    [MemberData(nameof(Whole))]
    public void Text_ThatComesOnlyWhole_IsShownOnce_AndStopped(string[] events)
    {
        byte[] stream = StreamOf([.. Created, .. events]);
        using var bench = new GuardBench([Judge], []);
        List<string> shown = [];

        string allowed = bench.StreamAsked(AiCallKind.Responses, stream, question =>
        {
            shown.AddRange(TextsOf(question));
            return ExternalReply.Allow;
        });
        string stopped = bench.StreamAsked(AiCallKind.Responses, stream, question =>
            question.Contains("evil", StringComparison.Ordinal) ? ExternalReply.Block : ExternalReply.Allow);

        Assert.Equal(Encoding.UTF8.GetString(stream), allowed);
        Assert.Single(shown, text => text == "evil words");
        Assert.DoesNotContain(shown, text => text.Contains("the client's", StringComparison.Ordinal));
        Assert.True(bench.IsOver);
        Assert.DoesNotContain("evil", stopped, StringComparison.Ordinal);
    }

    // What a response has of its request was not said: a text that is the same is the model's, wherever it comes, and
    // however much of it there is.
    [Theory]
    [InlineData("\"instructions\":\"evil words\"", 0)]
    [InlineData("\"metadata\":{\"status\":\"evil words\"}", 0)]
    [InlineData("\"instructions\":\"be good\"", 2 * SaidTexts.CountMax)]
    public void Echo_OfTheRequest_IsNotTakenForSaid(string echo, int tools)
    {
        string[] created = ["response.created", $"\"response\":{{\"id\":\"r\",{echo},\"tools\":["
            + string.Join(',', Enumerable.Range(0, tools).Select(tool => $"{{\"description\":\"tool {tool}\"}}"))
            + "],\"output\":[]}"];
        foreach (string[] events in new[]
        {
            TextDone("evil words"), Completed("evil words"), [.. TextDone("evil words"), .. Completed("evil words")],
        })
        {
            List<string> shown = [];
            using var bench = new GuardBench([Judge], []);
            bench.StreamAsked(AiCallKind.Responses, StreamOf([.. created, .. events]), question =>
            {
                shown.AddRange(TextsOf(question));
                return ExternalReply.Allow;
            });

            Assert.Equal(["evil words"], shown);
        }
    }

    // Names of marks are a tool's own within what it is called with, and what it answers.
    [Theory]
    [InlineData("{\"type\":\"mcp_call\",\"id\":\"f\",\"status\":\"completed\",\"arguments\":{\"format\":\"evil words\"}}")]
    [InlineData("{\"type\":\"x_call\",\"id\":\"f\",\"action\":{\"detail\":\"evil words\",\"steps\":[{\"status\":\"evil words\"}]}}")]
    [InlineData("{\"type\":\"x_output\",\"output\":{\"type\":\"evil words\"}}")]
    public void Marks_WithinAToolsOwn_AreShown(string item)
    {
        List<string> shown = [];
        using var bench = new GuardBench([Judge], []);
        bench.StreamAsked(AiCallKind.Responses, StreamOf(
            [.. Created, "response.completed", $"\"response\":{{\"id\":\"r\",\"output\":[{item},{Message("good words")}]}}"]),
            question =>
            {
                shown.AddRange(TextsOf(question));
                return ExternalReply.Allow;
            });

        Assert.Equal(["evil words", "good words"], string.Join('\n', shown).Split('\n').Distinct());
    }

    // A rule that only tells of what it finds does so, wherever it stands, and once.
    [Theory]
    [MemberData(nameof(Tellings))]
    public void Finding_IsCountedOnce(string[] events)
    {
        using var bench = new GuardBench(GuardBench.Rule(GuardDetect.Email, FindingAction.Flag));

        bench.Stream(AiCallKind.Responses, StreamOf([.. Created, .. events]));

        Assert.Equal("email:flag:1", Findings(bench));
    }

    public static TheoryData<string[]> Tellings => new(
        [.. Delta("a@example.com !"), .. TextDone("a@example.com !"), .. Completed("a@example.com !")],
        [.. TextDone("a@example.com !"), .. ItemDone("a@example.com !"), .. Completed("a@example.com !")],
        Completed("a@example.com !"),
        [.. ItemDone("a@example.com !"), .. Completed("a@example.com !")]);

    // One call of a tool, told as servers may: by its parts alone, by its end alone, by the whole alone.
    public static TheoryData<string[]> Calls => new(
        [.. Added("run"), .. Arguments(isDelta: true), .. Arguments(isDelta: false), .. CallDone, .. CallCompleted],
        [.. Added("run"), .. Arguments(isDelta: true)],
        [.. Added("run"), .. Arguments(isDelta: true), .. Completed("x")],
        [.. Added("run"), .. Arguments(isDelta: false)],
        [.. Added("run"), .. Arguments(isDelta: false), .. Completed("x")],
        [.. Arguments(isDelta: true), .. CallDone],
        [.. Arguments(isDelta: false), .. CallDone],
        CallDone,
        CallCompleted,
        [.. CallDone, .. CallCompleted]);

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_IsStopped_HoweverItIsTold(string[] events)
    {
        byte[] stream = StreamOf([.. Created, .. events]);
        using var stopping = new GuardBench(Rule("run", "evil", FindingAction.Block));
        using var telling = new GuardBench(Rule("run", "evil", FindingAction.Flag));
        using var other = new GuardBench(Rule("run", "good", FindingAction.Block));

        string written = stopping.Stream(AiCallKind.Responses, stream);
        telling.Stream(AiCallKind.Responses, stream);

        Assert.Equal("tool", stopping.Answer.Reason);
        Assert.DoesNotContain("evil", written, StringComparison.Ordinal);
        Assert.Equal("tool:flag:1", Findings(telling));
        Assert.Equal(Encoding.UTF8.GetString(stream), other.Stream(AiCallKind.Responses, stream));
    }

    // What it is told with, or what it is called by, never comes: nobody can say that it may pass.
    [Theory]
    [InlineData("run", true)]
    [InlineData("shell_call", false)]
    public void Call_ThatIsNeverWhole_IsStopped(string tool, bool isNameless)
    {
        string[] begun = isNameless
            ? Arguments(isDelta: true)
            : ["response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"shell_call\",\"id\":\"f\"}"];
        foreach (string[] rest in new string[][] { [], Completed("x") })
        {
            using var bench = new GuardBench(Rule(tool, "harmless", FindingAction.Block));

            bench.Stream(AiCallKind.Responses, StreamOf([.. Created, .. begun, .. rest]));

            Assert.True(bench.Answer.IsBlocked);
        }
    }

    [Fact]
    public void Call_WithTwoArguments_IsStopped()
    {
        using var bench = new GuardBench(Rule("run", "harmless", FindingAction.Block));

        bench.Stream(AiCallKind.Responses, StreamOf([.. Created, .. Added("run"), .. Arguments(isDelta: true),
            "response.function_call_arguments.done", "\"item_id\":\"f\",\"output_index\":0,\"arguments\":\"{}\""]));

        Assert.Equal("tool", bench.Answer.Reason);
    }

    // Texts that are over leave their room: a long answer has more of them than are told apart at once.
    [Fact]
    public void Texts_OneAfterTheOther_AreNotTooMany()
    {
        const int Count = 2 * GuardLimits.LanesMax;
        using var bench = new GuardBench([Judge], []);
        string[] events = [.. Enumerable.Range(0, Count).SelectMany(item => new[]
        {
            "response.output_text.delta", $"\"output_index\":{item},\"content_index\":0,\"delta\":\"word {item}\"",
            "response.output_text.done", $"\"output_index\":{item},\"content_index\":0,\"text\":\"word {item}\"",
        })];
        List<string> shown = [];

        bench.StreamAsked(AiCallKind.Responses, StreamOf(events), question =>
        {
            shown.AddRange(TextsOf(question));
            return ExternalReply.Allow;
        });

        Assert.False(bench.IsOver);
        Assert.Equal(Enumerable.Range(0, Count).Select(item => $"word {item}"), shown);
    }

    // What was said is known again without keeping it.
    [Fact]
    public void Stream_Warm_AllocatesNothing()
    {
        using GuardBench bench = GuardBench.Masking();
        byte[] stream = StreamOf([.. Created, .. Delta("jane@exam"), .. Delta("ple.com !"),
            .. TextDone("jane@example.com !"), .. ItemDone("jane@example.com !"), .. Completed("jane@example.com !")]);

        Allocations.AssertNone(() => bench.Pass(AiCallKind.Responses, stream));
        Assert.False(bench.IsOver);
    }

    [Theory]
    [InlineData("a", "ab", "")]
    [InlineData("ab", "a", "b")]
    [InlineData("", "", "")]
    public void Number_IsOfTheTextAndNotOfItsParts(string text, string first, string second)
    {
        ulong whole = SaidTexts.Add(SaidTexts.Empty, Encoding.UTF8.GetBytes(text));
        ulong parts = SaidTexts.Add(
            SaidTexts.Add(SaidTexts.Empty, Encoding.UTF8.GetBytes(first)), Encoding.UTF8.GetBytes(second));

        Assert.Equal(text == first + second, whole == parts);
    }

    private static string[] Created =>
        ["response.created", "\"response\":{\"id\":\"r\",\"instructions\":\"the client's\",\"output\":[]}"];

    private static string[] CallDone => ["response.output_item.done", $"\"output_index\":0,\"item\":{Call}"];

    private static string[] CallCompleted => ["response.completed", $"\"response\":{{\"id\":\"r\",\"output\":[{Call}]}}"];

    private static string Call =>
        "{\"type\":\"function_call\",\"id\":\"f\",\"name\":\"run\",\"arguments\":\"{\\\"a\\\":\\\"evil\\\"}\"}";

    private static string[] Added(string tool) => ["response.output_item.added", "\"output_index\":0,\"item\":"
        + $"{{\"type\":\"function_call\",\"id\":\"f\",\"name\":\"{tool}\",\"arguments\":\"\"}}"];

    private static string[] Arguments(bool isDelta) => isDelta
        ? ["response.function_call_arguments.delta",
            "\"item_id\":\"f\",\"output_index\":0,\"delta\":\"{\\\"a\\\":\\\"evil\\\"}\""]
        : ["response.function_call_arguments.done",
            "\"item_id\":\"f\",\"output_index\":0,\"arguments\":\"{\\\"a\\\":\\\"evil\\\"}\""];

    private static string[] Delta(string text) => ["response.output_text.delta", $"{Place},\"delta\":\"{text}\""];

    private static string[] TextDone(string text) => ["response.output_text.done", $"{Place},\"text\":\"{text}\""];

    private static string[] PartDone(string text) =>
        ["response.content_part.done", $"{Place},\"part\":{{\"type\":\"output_text\",\"text\":\"{text}\"}}"];

    private static string[] ItemDone(string text) =>
        ["response.output_item.done", $"\"output_index\":0,\"item\":{Message(text)}"];

    private static string[] Completed(string text) => ["response.completed",
        $"\"response\":{{\"id\":\"r\",\"instructions\":\"the client's\",\"output\":[{Message(text)}]}}"];

    private static string Message(string text) => "{\"type\":\"message\",\"role\":\"assistant\",\"content\":"
        + $"[{{\"type\":\"output_text\",\"text\":\"{text}\"}}]}}";

    private static byte[] StreamOf(string[] events) => Encoding.UTF8.GetBytes(string.Concat(
        events.Chunk(2).Select((one, number) =>
            $"event: {one[0]}\ndata: {{\"type\":\"{one[0]}\",\"sequence_number\":{number},{one[1]}}}\n\n")));

    private static string Findings(GuardBench bench)
    {
        var room = new byte[GuardLimits.VerdictBytesMax];
        return Encoding.ASCII.GetString(room, 0, bench.Answer.WriteWith(default, room));
    }

    private static string[] TextsOf(string question) =>
        [.. JsonNode.Parse(question)!["texts"]!.AsArray().Select(text => (string)text!)];

    private static GuardRule Rule(string tool, string pattern, FindingAction action) => new()
    {
        Name = "tool",
        Detect = GuardDetect.ToolCall,
        Action = action,
        Call = new ToolCallMatch(tool, pattern, Sequence<string>.Empty, Allows: false),
    };
}
