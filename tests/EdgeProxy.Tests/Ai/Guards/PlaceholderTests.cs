using System;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>What a prompt must not have and its answer gets back.</summary>
public sealed class PlaceholderTests
{
    private const string Prompt = "Mail ann@example.com or bob@example.com; ann@example.com! <a\"b\\c\n>";
    private const string Said = "To [PATTERN_1] and [EMAIL_2]: [EMAIL_1][EMAIL_9] [EMAIL] [EMAIL_ [1] [OTHER_1] [EMAIL_1";
    private const string Heard =
        "To <a\"b\\c\n> and bob@example.com: ann@example.com[EMAIL_9] [EMAIL] [EMAIL_ [1] [OTHER_1] [EMAIL_1";

    public static TheoryData<string> Kinds => StreamGuardTests.Kinds;

    [Fact]
    public void Prompt_HasANumberForEachThing_AndTheSameForTheSame()
    {
        using GuardBench bench = Reversible();

        Assert.Equal("Mail [EMAIL_1] or [EMAIL_2]; [EMAIL_1]! [PATTERN_1]", Ask(bench, Prompt));
    }

    // Where it stands in JSON, plain, with escapes, in a tool's arguments, as a number: the value is the decoded one.
    [Fact]
    public void Prompt_HowItIsSpelled_DoesNotMatter()
    {
        using GuardBench bench = Reversible(GuardBench.Rule(GuardDetect.CardNumber));

        string asked = bench.Inspect("{\"messages\":[{\"content\":\"ann\\u0040example.com\"},{\"tool_calls\":[{\"function\":"
            + "{\"arguments\":\"{\\\"to\\\":\\\"ann\\\\u0040example.com\\\",\\\"n\\\":4111111111111111}\"}}]},"
            + "{\"content\":[{\"input\":{\"to\":\"ann@example.com\",\"n\":4111111111111111}}]}]}");

        Assert.Equal("{\"messages\":[{\"content\":\"[EMAIL_1]\"},{\"tool_calls\":[{\"function\":"
            + "{\"arguments\":\"{\\\"to\\\":\\\"[EMAIL_1]\\\",\\\"n\\\":\\\"[CARDNUMBER_1]\\\"}\"}}]},"
            + "{\"content\":[{\"input\":{\"to\":\"[EMAIL_1]\",\"n\":\"[CARDNUMBER_1]\"}}]}]}", asked);
        Assert.Equal("{\"text\":\"4111111111111111\"}", bench.InspectAnswer("{\"text\":\"[CARDNUMBER_1]\"}"));
    }

    [Theory]
    [InlineData("{\"text\":\"[EMAIL_1], [PATTERN_1]\"}", "{\"text\":\"ann@example.com, <a\\\"b\\\\c\\n>\"}")]
    [InlineData("{\"text\":\"\\u005bEMAIL_1], [\\u0045MAIL_7]\"}", "{\"text\":\"ann@example.com, [\\u0045MAIL_7]\"}")]
    [InlineData("{\"arguments\":\"{\\\"to\\\":\\\"[EMAIL_1]\\\",\\\"x\\\":\\\"[PATTERN_1]\\\"}\"}",
        "{\"arguments\":\"{\\\"to\\\":\\\"ann@example.com\\\",\\\"x\\\":\\\"<a\\\\\\\"b\\\\\\\\c\\\\n>\\\"}\"}")]
    [InlineData("{\"input\":{\"to\":\"[EMAIL_1]\",\"x\":\"[PATTERN_1]\"}}",
        "{\"input\":{\"to\":\"ann@example.com\",\"x\":\"<a\\\"b\\\\c\\n>\"}}")]
    [InlineData("{\"text\":\"[email_1] [EMAIL_01] [EMAIL_0] [EMAIL_1000] [EMAIL_-1] EMAIL_1\"}",
        "{\"text\":\"[email_1] [EMAIL_01] [EMAIL_0] [EMAIL_1000] [EMAIL_-1] EMAIL_1\"}")]
    [InlineData("{\"id\":\"[EMAIL_1]\"}", "{\"id\":\"[EMAIL_1]\"}")]
    [InlineData("{\"thinking\":\"[EMAIL_1]\",\"signature\":\"x\"}", "{\"thinking\":\"[EMAIL_1]\",\"signature\":\"x\"}")]
    [InlineData("{\"thinking\":\"[EMAIL_1]\"}", "{\"thinking\":\"ann@example.com\"}")]
    public void Answer_HasBackWhatThePromptHad(string answer, string heard)
    {
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);

        Assert.Equal(heard, bench.InspectAnswer(answer));
        Assert.False(bench.Answer.IsBlocked);
    }

    // A model that repeats what it is told to does not fill the memory with it.
    [Fact]
    public void Answer_HasBackAsMuchAsThereIsRoomFor()
    {
        const string Address = "ann@example.com";
        int most = PlaceholderTable.RestoredBytesMax / Address.Length;
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);

        string heard = bench.InspectAnswer(
            $"{{\"text\":\"{string.Concat(Enumerable.Repeat("[EMAIL_1]", most + 2))}\"}}");

        Assert.Equal(
            string.Concat(Enumerable.Repeat(Address, most)) + "[EMAIL_1][EMAIL_1]",
            (string)JsonNode.Parse(heard)!["text"]!);
    }

    // Cut into two at every place, and into single characters: the client reads what the model would have written.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_HoweverATextIsCut_IsPutBackTogether(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        for (int cut = 0; cut <= Said.Length; cut++)
        {
            string[] parts = cut == Said.Length ? [.. Said.Select(sign => sign + "")] : [Said[..cut], Said[cut..]];
            string written = bench.Stream(kind, Encoding.UTF8.GetBytes(StreamGuardTests.StreamOf(kind, parts)));

            Assert.Equal((Heard, Heard), StreamGuardTests.Assemble(kind, written));
            Assert.False(bench.Answer.IsBlocked);
        }

        Span<byte> told = stackalloc byte[512];
        Assert.Equal("restored:restore:3", Encoding.UTF8.GetString(told[..bench.Answer.WriteWith(default, told)]));
    }

    // Whatever a model says and wherever its events are cut: what the prompt had is back, all else is as it was.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Stream_OfAnyText_IsTheTextWithEverythingBack(string name)
    {
        AiCallKind kind = Enum.Parse<AiCallKind>(name);
        string[] words =
        [
            "[", "]", "EMAIL", "_", "1", "2", "[EMAIL_1]", "[EMAIL_2]", "[PATTERN_1]", "[EMAIL_3]", " ", "x", "\"", "\\",
            "\u00e9", "4111 1111 ", "1111 1111", "ORD-123456",
        ];
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        Gen.Int[0, words.Length - 1].Array[1, 16].Sample(places =>
        {
            string[] parts = [.. places.Select(place => words[place])];
            string expected = string.Concat(parts).Replace("[EMAIL_1]", "ann@example.com", StringComparison.Ordinal)
                .Replace("[EMAIL_2]", "bob@example.com", StringComparison.Ordinal)
                .Replace("[PATTERN_1]", "<a\"b\\c\n>", StringComparison.Ordinal);
            string written = bench.Stream(kind, Encoding.UTF8.GetBytes(StreamGuardTests.StreamOf(kind, parts)));
            Assert.Equal((expected, expected), StreamGuardTests.Assemble(kind, written));
        }, iter: 500, threads: 1);
    }

    // JSON in JSON, two calls at once: what the client parses has the values, with what they need escaped.
    [Fact]
    public void Stream_OfToolArguments_StaysJson()
    {
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        const string Given = "{\"to\":\"[EMAIL_1]\",\"x\":\"[PATTERN_1]\",\"n\":[EMAIL_2]}";
        for (int cut = 0; cut <= Given.Length; cut++)
        {
            string[] parts = cut == Given.Length ? [.. Given.Select(sign => sign + "")] : [Given[..cut], Given[cut..]];
            foreach (AiCallKind kind in new[] { AiCallKind.ChatCompletions, AiCallKind.Messages, AiCallKind.Responses })
            {
                string written = bench.Stream(kind, ToolStreams.Of(kind, "send", parts));
                JsonNode given = JsonNode.Parse(ToolStreams.Arguments(kind, written))!;

                Assert.Equal(("ann@example.com", "<a\"b\\c\n>", "bob@example.com"),
                    ((string)given["to"]!, (string)given["x"]!, (string)given["n"]!));
            }
        }
    }

    // The model's own address is masked, the client's is given back.
    [Fact]
    public void Answer_IsMaskedBesides()
    {
        using GuardBench bench = Reversible(GuardBench.Rule(GuardDetect.Email) with { Name = "own" });
        Ask(bench, Prompt);

        Assert.Equal(
            "{\"text\":\"ann@example.com, [OWN]\"}", bench.InspectAnswer("{\"text\":\"[EMAIL_1], eve@example.com\"}"));
    }

    // What another rule finds right behind a placeholder and with it is not let out by it.
    [Fact]
    public void Answer_WithAFindingOverAPlaceholder_LeaksNothing()
    {
        using GuardBench bench = Reversible(GuardBench.Rule(GuardDetect.Pattern) with { Name = "key", Pattern = @"_[0-9]\]secret" });
        Ask(bench, Prompt);

        Assert.DoesNotContain("secret", bench.InspectAnswer("{\"text\":\"[EMAIL_9]secret\"}"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", bench.InspectAnswer("{\"text\":\"[EMAIL_1]secret\"}"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", bench.InspectAnswer("{\"text\":\"\\u005bEMAIL_9]secret\"}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_OfSignedThinking_KeepsItsPlaceholders()
    {
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        const string Stream = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
            + "{\"type\":\"thinking_delta\",\"thinking\":\"[EMAIL_1] !\"}}\n\n";

        Assert.Equal(Stream, bench.Stream(AiCallKind.Messages, Encoding.UTF8.GetBytes(Stream)));
        Assert.False(bench.Answer.IsBlocked);
    }

    // One call's table is not the next one's.
    [Fact]
    public void Answer_OfAnotherCall_HasNothingOfThisOne()
    {
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        Ask(bench, "nothing");

        Assert.Equal("{\"text\":\"[EMAIL_1]\"}", bench.InspectAnswer("{\"text\":\"[EMAIL_1]\"}"));
    }

    [Fact]
    public void Prompt_WithMoreThanATableHas_MasksTheRestForGood()
    {
        using GuardBench bench = Reversible();
        string asked = Ask(bench, string.Concat(Enumerable.Range(1, PlaceholderTable.CountMax + 2).Select(i => $"u{i}@example.com ")));

        Assert.EndsWith($"[EMAIL_{PlaceholderTable.CountMax}] [EMAIL] [EMAIL] ", asked, StringComparison.Ordinal);
        Assert.Equal("{\"text\":\"u256@example.com\"}", bench.InspectAnswer("{\"text\":\"[EMAIL_256]\"}"));
    }

    [Fact]
    public void Table_WithLongValues_IsBounded()
    {
        var table = new PlaceholderTable(new GuardSide(
            new([GuardBench.Rule(GuardDetect.Email)]), EdgeProxy.Primitives.Collections.Sequence<GuardRule>.Empty));
        int count = 0;
        for (byte i = 0; i < 100; i++)
        {
            byte[] value = new byte[PlaceholderTable.ValueBytesMax];
            value.AsSpan().Fill(i);
            count += table.MaskFor(0, value).SequenceEqual("[EMAIL]"u8) ? 0 : 1;
        }

        Assert.Equal(PlaceholderTable.BytesMax / PlaceholderTable.ValueBytesMax, count);
        Assert.True(table.MaskFor(0, new byte[PlaceholderTable.ValueBytesMax + 1]).SequenceEqual("[EMAIL]"u8));
        Assert.True(table.MaskFor(0, [0xED, 0xA0, 0x80]).SequenceEqual("[EMAIL]"u8));
    }

    // A rule about calls of tools sees what the client will call with, not what stands for it.
    [Theory]
    [InlineData("@example[.]com$", true)]
    [InlineData("EMAIL", false)]
    public void ToolCall_IsJudgedWithWhatItWillHave(string pattern, bool isDenied)
    {
        using GuardBench bench = Reversible(new GuardRule
        {
            Name = "tool",
            Detect = GuardDetect.ToolCall,
            Action = FindingAction.Block,
            Call = new ToolCallMatch("send", pattern, new(["to"]), Allows: false),
        });
        foreach (AiCallKind kind in ToolStreams.Kinds)
        {
            Ask(bench, Prompt);
            bench.Stream(kind, ToolStreams.Of(kind, "send", "{\"to\":\"[EMA", "IL_1]\"}"));
            Assert.Equal(isDenied, bench.Answer.IsBlocked);
        }
    }

    [Fact]
    public void Stream_Warm_AllocatesNothing()
    {
        using GuardBench bench = Reversible();
        Ask(bench, Prompt);
        byte[] stream = Encoding.UTF8.GetBytes(
            StreamGuardTests.StreamOf(AiCallKind.ChatCompletions, [Said[..30], Said[30..]]));

        Allocations.AssertNone(() => bench.Pass(AiCallKind.ChatCompletions, stream));
    }

    private static GuardBench Reversible(params GuardRule[] more) => new(
    [
        GuardBench.Rule(GuardDetect.Email) with { Reversible = true },
        GuardBench.Rule(GuardDetect.Pattern) with { Reversible = true, Pattern = "<[^>]+>", PatternBytesMax = 32 },
        .. more.Select(rule => rule.Detect == GuardDetect.CardNumber ? rule with { Reversible = true } : rule),
    ]);

    private static string Ask(GuardBench bench, string text) =>
        (string)JsonNode.Parse(bench.Inspect($"{{\"input\":{ToolStreams.Quote(text)}}}"))!["input"]!;
}
