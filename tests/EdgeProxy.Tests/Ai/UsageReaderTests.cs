using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Ai;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class UsageReaderTests
{
    public static TheoryData<string, bool, string> Answers() => new()
    {
        // OpenAI: chat completions, Responses, embeddings.
        {
            """
            {"id":"c","choices":[{"message":{"content":"hello","usage":{"prompt_tokens":99}}}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}}
            """,
            false, "9 12 4 2 3 text 5"
        },
        {
            """
            {"id":"r","error":null,"output":[{"content":[{"type":"output_text","text":"hi"}]}],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":1},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":2}}}
            """,
            false, "36 87 1 0 2 text 2"
        },
        {
            """
            {"object":"list","data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":8,"total_tokens":8}}
            """, false, "8 0 0 0 0 text 0"
        },
        {
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n"
            + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}\n\n"
            + "data: [DONE]\n\n",
            true, "5 6 0 0 0 text 5"
        },
        {
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"abc\"}\n\n"
            + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"error\":null,"
            + "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n\n",
            true, "1 2 0 0 0 text 3"
        },

        // Anthropic: totals, of which the last counts.
        {
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,"
            + "\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":2,\"output_tokens\":1}}}\n\n"
            + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n"
            + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
            + "\"usage\":{\"output_tokens\":15}}\n\n"
            + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            true, "25 15 7 2 0 text 5"
        },
        {
            """
            {"type":"message","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":3,"output_tokens":4}}
            """, false, "3 4 0 0 0 text 1"
        },

        // Ollama: a line each, counts in the last.
        {
            "{\"message\":{\"role\":\"assistant\",\"content\":\"The\"},"
            + "\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"prompt_eval_count\":26,\"eval_count\":298}\n",
            false, "26 298 0 0 0 text 3"
        },
        { "{\"response\":\"abcd\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"prompt_eval_count\":1,\"eval_count\":2}", false, "1 2 0 0 0 text 4" },

        // None of these is a count.
        {
            """
            {"usage":[{"prompt_tokens":5}],"x":{"usage":{"prompt_tokens":5}},"prompt_tokens":5,"usage2":{}}
            """, false, "none text 0"
        },
        { """{"usage":{"prompt_tokens":"5","completion_tokens":-1}}""", false, "none text 0" },
        { "no json at all", false, "none text 0" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Take_Answer_ReadsItsUsageHoweverItIsCut(string answer, bool isEvents, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        AnswerForm form = isEvents ? AnswerForm.Events : AnswerForm.Json;

        Assert.Equal(expected, Read(form, [bytes]));
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(expected, Read(form, [bytes[..cut], bytes[cut..]]));
        }

        Assert.Equal(expected, Read(form, bytes.Select(value => new[] { value })));
    }

    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"overloaded\"}}\n\n", true)]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n", true)]
    [InlineData("data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\"}}}\n\n", true)]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\",\"param\":null}\n\n", true)]
    [InlineData("data: {\"object\":\"error\",\"message\":\"x\",\"type\":\"BadRequestError\",\"code\":400}\n\n", true)]
    [InlineData("data: {\"choices\":[{\"delta\":{\"type\":\"error\",\"object\":\"error\"}}]}\n\n", false)]
    [InlineData("data: {\"choices\":[],\"error\":null}\n\n", false)]
    [InlineData("data: {\"choices\":[{\"delta\":{\"error\":\"no\"}}]}\n\n", false)]
    public void Take_ErrorWithinAStream_IsNoticed(string stream, bool expected)
    {
        var reader = default(UsageReader);
        reader.Begin(AnswerForm.Events);
        reader.Take(Encoding.UTF8.GetBytes(stream));

        Assert.Equal(expected, reader.HasError);
    }

    [Fact]
    public void TextOfResponses_ThatItsEventsRepeat_CountsOnce()
    {
        const string Said = "{\"type\":\"output_text\",\"text\":\"abcd\"}";
        const string Call = "{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}";
        string[] events =
        [
            "{\"type\":\"response.output_text.delta\",\"delta\":\"ab\"}",
            "{\"type\":\"response.output_text.delta\",\"delta\":\"cd\"}",
            "{\"type\":\"response.output_text.done\",\"text\":\"abcd\"}",
            $"{{\"type\":\"response.content_part.done\",\"part\":{Said}}}",
            $"{{\"type\":\"response.output_item.done\",\"item\":{{\"content\":[{Said}]}}}}",
            "{\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{}\"}",
            "{\"type\":\"response.function_call_arguments.done\",\"arguments\":\"{}\"}",
            $"{{\"type\":\"response.completed\",\"response\":{{\"output\":[{{\"content\":[{Said}]}},{Call}]}}}}",
        ];
        var reader = default(UsageReader);
        reader.Begin(AnswerForm.Events, isResponses: true);
        foreach (string data in events)
        {
            reader.Take(Encoding.ASCII.GetBytes($"data: {data}\n\n"));
        }

        Assert.Equal((6, 3), (reader.TextBytes, reader.TextPieces));
    }

    [Theory]
    [InlineData("{\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}", 0b10)]
    [InlineData("{\"choices\":[{\"finish_reason\":\"stop\",\"index\":2}]}", 0b100)]
    [InlineData("{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"},{\"index\":3,\"finish_reason\":\"length\"}]}", 0b1001)]
    [InlineData("{\"choices\":[{\"index\":1,\"finish_reason\":null},{\"index\":500,\"finish_reason\":\"stop\"}]}", 0)]
    [InlineData("{\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":7}]},\"finish_reason\":\"stop\"}]}", 0b10)]
    public void EndedChoices_AreThoseThatSaidHow(string data, int expected)
    {
        var reader = default(UsageReader);
        reader.Begin(AnswerForm.Events);
        reader.Take(Encoding.ASCII.GetBytes($"data: {data}\n\n"));

        Assert.Equal((UInt128)expected, reader.EndedChoices);
    }

    [Fact]
    public void HasContent_BeforeTheModelSaysAnything_IsFalse()
    {
        var reader = default(UsageReader);
        reader.Begin(AnswerForm.Events);
        reader.Take("data: {\"type\":\"message_start\",\"message\":{\"content\":[],\"stop_reason\":null}}\n\ndata: {\"type\":\"ping\"}\n\n"u8);
        reader.Take("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"u8);
        Assert.False(reader.HasContent);

        reader.Take("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"u8);
        Assert.True(reader.HasContent);
    }

    private static string Read(AnswerForm form, IEnumerable<byte[]> pieces)
    {
        var reader = default(UsageReader);
        reader.Begin(form);
        foreach (byte[] piece in pieces)
        {
            reader.Take(piece);
        }

        Usage usage = reader.Usage;
        string tokens = usage.IsThere
            ? $"{usage.Input} {usage.Output} {usage.Cached} {usage.CacheWritten} {usage.Reasoning}"
            : "none";
        return $"{tokens} text {reader.TextBytes}";
    }
}
