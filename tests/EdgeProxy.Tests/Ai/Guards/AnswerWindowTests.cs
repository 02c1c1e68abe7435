using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>Streams that external guards judge, window by window.</summary>
public sealed class AnswerWindowTests
{
    private const string Text = "Write to eve@example.com or call 12, \"caf\u00e9\"; then sleep, and wake up again tomorrow.";

    private static readonly ExternalGuard Judge =
        new("judge", new Uri("http://127.0.0.1:1"), TimeSpan.FromSeconds(1), OpensOnFailure: false, ReportOnly: false)
        {
            AsksAnswers = true,
        };

    public static TheoryData<string> Kinds => StreamGuardTests.Kinds;

    // However it is cut: all that was said was asked about, with masks, and what is allowed is the client's as it came.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_ThatIsAllowed_IsAsItCame_AndAllOfItWasShown(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var plain = new GuardBench([Judge], []);
        for (int cut = 0; cut <= Text.Length; cut += 3)
        {
            string[] parts = cut == 0 ? [.. Text.Select(sign => sign + "")] : [Text[..cut], Text[cut..]];
            byte[] stream = Encoding.UTF8.GetBytes(StreamGuardTests.StreamOf(kind, parts));
            var shown = new StringBuilder();
            string before = "";
            string written = plain.StreamAsked(kind, stream, question =>
            {
                string text = Assert.Single(TextsOf(question));
                Assert.StartsWith(before, text, StringComparison.Ordinal);
                before = text[before.Length..];
                shown.Append(before);
                return ExternalReply.Allow;
            });

            Assert.Equal(Encoding.UTF8.GetString(stream), written);
            Assert.Equal(Text, shown.ToString());
        }
    }

    // Tokens of logprobs: each is a text of its own, and there are hundreds in a window.
    [Fact]
    public void Stream_ThatGuardsAreAskedAbout_AllocatesNothingOnceItIsWarm()
    {
        var judge = new ExternalGuard(
            "judge", new Uri("http://127.0.0.1:1"), TimeSpan.FromSeconds(1), OpensOnFailure: false, ReportOnly: false)
        {
            AsksAnswers = true,
        };
        using var bench = new GuardBench([judge], []);
        byte[] stream = Encoding.UTF8.GetBytes(StreamGuardTests.StreamOf(
            AiCallKind.ChatCompletions, ["Write to [EM", "AIL_1] or 4111 11", "11 1111 1111", "."]));
        var question = new ByteBuffer();

        Allocations.AssertNone(() => bench.PassAsked(AiCallKind.ChatCompletions, stream, question));
        Assert.Contains("4111 1111", Encoding.UTF8.GetString(question.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_ThatStandAlone_LeaveRoomForOthers()
    {
        const int Count = 2 * GuardLimits.LanesMax;
        var window = new AnswerWindow();
        for (int i = 0; i < Count; i++)
        {
            Assert.True(window.TryAdd(AnswerWindow.Loose, "ab"u8));
        }

        Assert.True(window.TryAdd(key: 7, "cd"u8));
        var question = new ByteBuffer();
        window.Ask(isEnd: true, question);
        string[] shown = TextsOf(Encoding.UTF8.GetString(question.Bytes));
        Assert.Equal([.. Enumerable.Repeat("ab", Count), "cd"], string.Join('\n', shown).Split('\n'));
    }

    // What is blocked is not at the client, wherever it stands; what was allowed before is.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_ThatIsBlocked_EndsBeforeTheWindow(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using var bench = new GuardBench([Judge], []);
        byte[] stream = Encoding.UTF8.GetBytes(
            StreamGuardTests.StreamOf(kind, [.. Text.Select(sign => sign + "")]));

        string written = bench.StreamAsked(kind, stream, question =>
            question.Contains("sleep", StringComparison.Ordinal) ? ExternalReply.Block : ExternalReply.Allow);
        string said = StreamGuardTests.Assemble(kind, written).Parts;

        Assert.True(bench.IsOver);
        Assert.StartsWith("Write to eve@", said, StringComparison.Ordinal);
        Assert.DoesNotContain("sleep", said, StringComparison.Ordinal);
        Assert.Contains(kind == AiCallKind.Messages ? "refusal" : "content_filter", written, StringComparison.Ordinal);
    }

    // Guards see masks where the client sees them, and placeholders where it does not.
    [Fact]
    public void Questions_HaveMasksAndPlaceholders()
    {
        using var bench = new GuardBench([Judge],
        [
            GuardBench.Rule(GuardDetect.Email) with { Reversible = true },
            GuardBench.Rule(GuardDetect.CardNumber),
        ]);
        bench.Inspect("{\"input\":\"ann@example.com\"}");
        List<string> questions = [];
        string written = bench.StreamAsked(AiCallKind.ChatCompletions, Encoding.UTF8.GetBytes(StreamGuardTests.StreamOf(
            AiCallKind.ChatCompletions, ["to [EMA", "IL_1] [EMAIL_7] 4111 1111 ", "1111 1111."])), question =>
            {
                questions.Add(question);
                return ExternalReply.Allow;
            });

        Assert.Equal("to ann@example.com [EMAIL_7] [CARDNUMBER].", StreamGuardTests.Assemble(
            AiCallKind.ChatCompletions, written).Parts);
        Assert.EndsWith("[EMAIL_1] [EMAIL_7] [CARDNUMBER].", TextsOf(questions[^1])[0], StringComparison.Ordinal);
        Assert.DoesNotContain(questions, question => question.Contains("example.com", StringComparison.Ordinal));
    }

    // Tools' arguments are texts, too; a call and a guard wait together.
    [Fact]
    public void Questions_HaveWhatToolsAreCalledWith()
    {
        foreach (AiCallKind kind in ToolStreams.Kinds)
        {
            using var bench = new GuardBench([Judge], []);
            byte[] stream = ToolStreams.Of(kind, "run", "{\"path\":", "\"/etc/passwd\"}");
            List<string> questions = [];
            string written = bench.StreamAsked(kind, stream, question =>
            {
                questions.Add(question);
                return ExternalReply.Allow;
            });

            Assert.Equal(Encoding.UTF8.GetString(stream), written);
            Assert.Contains(questions, question => question.Contains("/etc/passwd", StringComparison.Ordinal));
        }
    }

    private static string[] TextsOf(string question) =>
        [.. JsonNode.Parse(question)!["texts"]!.AsArray().Select(text => (string)text!)];
}
