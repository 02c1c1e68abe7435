using System;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Ai.Translation;

public sealed class AnswerTranslationTests : IDisposable
{
    private const string MessagesStream =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"i\",\"model"
            + "\":\"m\",\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":2,\"cache_creation_inpu"
            + "t_tokens\":1,\"output_tokens\":1}}}\n\n"
        + "event: ping\ndata: {\"type\":\"ping\"}\n\n"
        +
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_"
            + "block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n"
        +
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
            + "{\"type\":\"thinking_delta\",\"thinking\":\"h\\u00e9\"}}\n\n"
        +
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
            + "{\"type\":\"signature_delta\",\"signature\":\"s\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        +
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_"
            + "block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        +
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":"
            + "{\"type\":\"text_delta\",\"text\":\"a \\\"b\\\"\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
        +
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_"
            + "block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{}}}\n\n"
        +
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":"
            + "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\n"
        +
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":"
            + "{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n"
        +
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_"
            + "use\"},\"usage\":{\"output_tokens\":9}}\n\n"
        + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    private const string ChatHead =
        "\"id\":\"i\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices"
        + "\":[";
    private const string NoEnd = "\"finish_reason\":null}]}\n\n";

    private const string ChatStream =
        "data: {" + ChatHead + "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}," + NoEnd
        + "data: {" + ChatHead + "{\"index\":0,\"delta\":{\"reasoning_content\":\"h\\u00e9\"}," + NoEnd
        + "data: {" + ChatHead + "{\"index\":0,\"delta\":{\"content\":\"a \\\"b\\\"\"}," + NoEnd
        + "data: {" + ChatHead +
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\","
            + "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}," + NoEnd
        + "data: {" + ChatHead +
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a"
            + "\\\":\"}}]}," + NoEnd
        + "data: {" + ChatHead +
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]"
            + "}," + NoEnd
        + "data: {" + ChatHead + "{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
        + "data: {" + ChatHead +
            "],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":9,\"total_tokens\":17,\"prompt_toke"
            + "ns_details\":{\"cached_tokens\":2,\"cache_write_tokens\":1}}}\n\n"
        + "data: [DONE]\n\n";

    private const string OllamaHead =
        "{\"model\":\"m\",\"created_at\":\"1970-01-01T00:00:01.000Z\",\"message\":{\"role\":\"assis"
        + "tant\",\"content\":";

    private const string OllamaStream =
        OllamaHead + "\"\",\"thinking\":\"h\\u00e9\"},\"done\":false}\n"
        + OllamaHead + "\"a \\\"b\\\"\"},\"done\":false}\n"
        + OllamaHead +
            "\"\",\"tool_calls\":[{\"id\":\"t1\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}"
            + "]},\"done\":false}\n"
        + OllamaHead + "\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":8,\"eval_count\":9}\n";

    private readonly BlockPool _blocks = new();
    private readonly HeldBody _output = new();
    private readonly AnswerTranslation _translation =
        new(new AiLoop(new BodyBudget(), new PlanBook(TimeProvider.System, Assert.Fail)));

    public AnswerTranslationTests() => _output.Bind(_blocks, budget: null);

    // Cut in two at every byte, and byte by byte: the same comes out.
    [Theory]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.ChatCompletions)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.Messages)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.OllamaChat)]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.OllamaChat)]
    public void Stream_InWhateverPieces_IsTheSame(byte fromKind, byte toKind)
    {
        (AiCallKind from, AiCallKind to) = ((AiCallKind)fromKind, (AiCallKind)toKind);
        byte[] stream = Encoding.UTF8.GetBytes(StreamIn(from));
        string expected = to == AiCallKind.ChatCompletions ? ChatStream : StreamIn(to);
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            string written = Translate(TranslatedForm.Stream, from, to, stream[..cut], stream[cut..]);

            Assert.True(Events(expected) == Events(written), $"cut at {cut}:\n{written}");
            Assert.Equal((true, false), (_translation.IsOver, _translation.IsUnreadable));
        }

        var pieces = new byte[stream.Length][];
        for (int place = 0; place < stream.Length; place++)
        {
            pieces[place] = [stream[place]];
        }

        Assert.Equal(Events(expected), Events(Translate(TranslatedForm.Stream, from, to, pieces)));
        Usage usage = _translation.Usage;
        Assert.Equal((5, 2, 1, 9), (usage.Input, usage.Cached, usage.CacheWritten, usage.Output));
    }

    // Wherever it breaks off without having said that it is over, the last that is told is an error.
    [Theory]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.ChatCompletions)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.Messages)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.OllamaChat)]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.OllamaChat)]
    public void Stream_WithoutItsEnd_EndsWithAnError(byte fromKind, byte toKind)
    {
        (AiCallKind from, AiCallKind to) = ((AiCallKind)fromKind, (AiCallKind)toKind);
        string stream = StreamIn(from);
        string last = from == AiCallKind.Messages ? "event: message_stop" : "data: {" + ChatHead + "{\"index\":0,\"delta\":{},";
        for (int end = 0; end < stream.IndexOf(last, StringComparison.Ordinal); end++)
        {
            string written = Translate(TranslatedForm.Stream, from, to, Encoding.UTF8.GetBytes(stream[..end]));

            string[] lines = written.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains("\"error\":", lines[^1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.ChatCompletions)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.Messages)]
    [InlineData((byte)AiCallKind.ChatCompletions, (byte)AiCallKind.OllamaChat)]
    [InlineData((byte)AiCallKind.Messages, (byte)AiCallKind.OllamaChat)]
    public void Whole_SaysTheSame(byte fromKind, byte toKind)
    {
        (AiCallKind from, AiCallKind to) = ((AiCallKind)fromKind, (AiCallKind)toKind);

        string written = Translate(TranslatedForm.Whole, from, to, Encoding.UTF8.GetBytes(WholeIn(from)));

        Assert.False(_translation.IsUnreadable);
        JsonNode wanted = JsonNode.Parse(WholeIn(to))!;
        Assert.True(JsonNode.DeepEquals(wanted, JsonNode.Parse(written)), $"wanted {wanted.ToJsonString()}\ngot    {written}");
    }

    [Theory]
    [InlineData("stop", "end_turn", "stop")]
    [InlineData("length", "max_tokens", "length")]
    [InlineData("tool_calls", "tool_use", "stop")]
    [InlineData("content_filter", "refusal", "stop")]
    public void Stop_OfOne_IsTheOthers(string chat, string messages, string ollama)
    {
        string calls = WholeIn(AiCallKind.ChatCompletions).Replace(
            "\"finish_reason\":\"tool_calls\"", $"\"finish_reason\":\"{chat}\"", StringComparison.Ordinal);
        byte[] ofChat = Encoding.UTF8.GetBytes(
            chat == "stop" ? calls.Replace("tool_calls", "others", StringComparison.Ordinal) : calls);
        byte[] ofMessages = Encoding.UTF8.GetBytes(WholeIn(AiCallKind.Messages).Replace(
            "\"stop_reason\":\"tool_use\"", $"\"stop_reason\":\"{messages}\"", StringComparison.Ordinal));

        Assert.Contains($"\"stop_reason\":\"{messages}\"",
            Translate(TranslatedForm.Whole, AiCallKind.ChatCompletions, AiCallKind.Messages, ofChat),
            StringComparison.Ordinal);
        Assert.Contains($"\"finish_reason\":\"{chat}\"",
            Translate(TranslatedForm.Whole, AiCallKind.Messages, AiCallKind.ChatCompletions, ofMessages),
            StringComparison.Ordinal);
        Assert.Contains($"\"done_reason\":\"{ollama}\"",
            Translate(TranslatedForm.Whole, AiCallKind.Messages, AiCallKind.OllamaChat, ofMessages),
            StringComparison.Ordinal);
    }

    // A list of thoughts is read to its end; a part that names thoughts and has none says its text.
    [Theory]
    [InlineData("[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},"
        + "{\"type\":\"text\",\"text\":\"c\"}]", "ab", "c")]
    [InlineData("[{\"type\":\"thinking\",\"thinking\":\"a\"},{\"type\":\"text\",\"text\":\"c\"}]", "a", "c")]
    [InlineData("[{\"type\":\"text\",\"text\":\"hi\",\"thinking\":null}]", "", "hi")]
    [InlineData("[{\"type\":\"text\",\"text\":\"hi\",\"thinking\":[]}]", "", "hi")]
    [InlineData("[{\"type\":\"text\",\"text\":\"hi\",\"thinking\":\"\"}]", "", "hi")]
    [InlineData("[{\"type\":\"text\",\"text\":\"hi\",\"thinking\":[7]}]", "", "hi")]
    public void Thoughts_InParts_AreSaidWhole(string content, string thoughts, string text)
    {
        string whole = Translate(TranslatedForm.Whole, AiCallKind.ChatCompletions, AiCallKind.OllamaChat,
            Encoding.UTF8.GetBytes($"{{\"text\":\"no\",\"choices\":[{{\"index\":0,\"message\":{{\"content\":{content}}},"
                + "\"finish_reason\":\"stop\"}]}"));
        string stream = Translate(TranslatedForm.Stream, AiCallKind.ChatCompletions, AiCallKind.OllamaChat,
            Encoding.UTF8.GetBytes($"data: {{\"text\":\"no\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{content}}},"
                + "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));

        Assert.Equal((thoughts, text), Said(whole));
        Assert.Equal((thoughts, text), Said(stream));
    }

    // Where a tool was asked for by name, chat completions say that they just ended; agents call a tool for the other.
    [Fact]
    public void Stop_WithACallOfATool_IsForTheTool()
    {
        byte[] whole = Encoding.UTF8.GetBytes(WholeIn(AiCallKind.ChatCompletions).Replace(
            "\"finish_reason\":\"tool_calls\"", "\"finish_reason\":\"stop\"", StringComparison.Ordinal));
        byte[] stream = Encoding.UTF8.GetBytes(ChatStream.Replace(
            "\"finish_reason\":\"tool_calls\"", "\"finish_reason\":\"stop\"", StringComparison.Ordinal));

        Assert.Contains("\"stop_reason\":\"tool_use\"",
            Translate(TranslatedForm.Whole, AiCallKind.ChatCompletions, AiCallKind.Messages, whole),
            StringComparison.Ordinal);
        Assert.Contains("\"stop_reason\":\"tool_use\"",
            Translate(TranslatedForm.Stream, AiCallKind.ChatCompletions, AiCallKind.Messages, stream),
            StringComparison.Ordinal);
    }

    // Arguments are JSON as the model writes it; a line of Ollama's is one line.
    [Theory]
    [InlineData((byte)AiCallKind.Messages)]
    [InlineData((byte)AiCallKind.ChatCompletions)]
    public void Stream_WithArgumentsOfSeveralLines_IsALineAnEvent(byte fromKind)
    {
        var from = (AiCallKind)fromKind;
        byte[] stream = Encoding.UTF8.GetBytes(StreamIn(from).Replace(
            "{\\\"a\\\":\"", "{\\r\\n\\t\\\"a\\\":\"", StringComparison.Ordinal));

        string written = Translate(TranslatedForm.Stream, from, AiCallKind.OllamaChat, stream);

        string expected = OllamaStream.Replace("{\"a\":1}", "{  \t\"a\":1}", StringComparison.Ordinal);
        Assert.Equal(expected, written);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"choices\":[]}")]
    [InlineData("{\"choices\":[{\"message\":7}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"a\"}]}}]}")]
    [InlineData(
        "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"a"
        + "rguments\":\"{\"}}]}}]}")]
    public void Whole_OfAnotherShape_IsUnreadable(string answer)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(answer);

        Translate(TranslatedForm.Whole, AiCallKind.ChatCompletions, AiCallKind.Messages, bytes);

        Assert.True(_translation.IsUnreadable);
    }

    [Theory]
    [InlineData("data: nonsense\n\n")]
    [InlineData("data: []\n\n")]
    [InlineData("data: {\"a\":1}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"tool_calls\":7}}]}\n\n")]
    [InlineData(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":3,\"function\":{\"arguments\":"
        + "\"x\"}}]}}]}\n\n")]
    [InlineData("data: {\"a\":\ndata: 1}\n\n")]
    public void Stream_OfAnotherShape_SaysThatItCannotBeRead(string stream)
    {
        string written = Translate(
            TranslatedForm.Stream, AiCallKind.ChatCompletions, AiCallKind.Messages, Encoding.UTF8.GetBytes(stream));

        Assert.Contains("event: error\n", written, StringComparison.Ordinal);
        Assert.Contains(AnswerErrors.UnreadableText, written, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_TooLong_IsUnreadableAndNothingIsKept()
    {
        byte[] part = new byte[64 * 1024];
        _translation.Begin(TranslatedForm.Whole, AiCallKind.Messages, AiCallKind.ChatCompletions, _output, 1000);
        for (int bytes = 0; bytes <= AnswerTranslation.WholeBytesMax; bytes += part.Length)
        {
            _translation.Take(part, _output);
        }

        Assert.Equal((true, false), (_translation.IsUnreadable, _translation.IsHeld));
        Assert.Equal(0, _output.Length);
        _translation.Release();
    }

    [Theory]
    [InlineData("{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"no \\\"a\\\"\"}}", "\"no \\\"a\\\"\"")]
    [InlineData("{\"error\":\"plain\"}", "\"plain\"")]
    [InlineData("<html>", "\"The provider refused the request.\"")]
    public void Error_OfAnyShape_IsInTheCallersWords(string error, string message)
    {
        _translation.Begin(TranslatedForm.Error, AiCallKind.Messages, AiCallKind.ChatCompletions, _output, 1000);
        _translation.Status = 429;
        _output.Clear();
        _translation.Take(Encoding.UTF8.GetBytes(error), _output);
        _translation.TakeEnd(_output);

        Assert.Equal(
            $"{{\"error\":{{\"message\":{message},\"type\":\"rate_limit_error\",\"param\":null,\"code\":null}}}}",
            Encoding.UTF8.GetString(_output.Bytes));
    }

    public void Dispose()
    {
        _translation.Release();
        _output.Release();
        Assert.Equal(0, _blocks.RentedCount);
        _blocks.Dispose();
    }

    private static string StreamIn(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages => MessagesStream,
        AiCallKind.OllamaChat => OllamaStream,
        _ => ChatStream,
    };

    private static string WholeIn(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages =>
            "{\"id\":\"i\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":["
            +
                "{\"type\":\"thinking\",\"thinking\":\"h\\u00e9\",\"signature\":\"\"},{\"type\":\"text\",\""
                + "text\":\"a\"},"
            +
                "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{\"a\":1}}],\"stop_reason\":"
                + "\"tool_use\",\"stop_sequence\":null,"
            +
                "\"usage\":{\"input_tokens\":5,\"cache_creation_input_tokens\":1,\"cache_read_input_tokens"
                + "\":2,\"output_tokens\":9}}",
        AiCallKind.OllamaChat => OllamaHead +
            "\"a\",\"thinking\":\"h\\u00e9\",\"tool_calls\":[{\"id\":\"t1\",\"function\":{\"name\":\"f"
            + "\",\"arguments\":{\"a\":1}}}]},"
            + "\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":8,\"eval_count\":9}",
        _ =>
            "{\"id\":\"i\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{"
            + "\"index\":0,\"message\":{\"role\":\"assistant\","
            +
                "\"content\":\"a\",\"refusal\":null,\"reasoning_content\":\"h\\u00e9\",\"tool_calls\":[{\"i"
                + "d\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1"
                + "}\"}}]},"
            +
                "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":8,\"comp"
                + "letion_tokens\":9,\"total_tokens\":17,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":2,\"cache_write_tokens\":1}}}",
    };

    // What no other dialect has, or has at another place: pings, signatures, the prompt's tokens at the start.
    private static string Events(string stream)
    {
        var events = new StringBuilder();
        foreach (string line in stream.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            bool isKept = !line.Contains("ping", StringComparison.Ordinal)
                && !line.Contains("signature_delta", StringComparison.Ordinal)
                && !line.StartsWith("event:", StringComparison.Ordinal)
                && !line.Contains("message_start", StringComparison.Ordinal)
                && !line.Contains("content_block_start", StringComparison.Ordinal)
                && !line.Contains("message_delta", StringComparison.Ordinal);
            events.Append(isKept ? line + "\n" : "");
        }

        return events.ToString();
    }

    // What all lines of an answer of Ollama's say together.
    private static (string Thoughts, string Text) Said(string answer)
    {
        JsonNode[] messages = [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonNode.Parse(line)!["message"]!)];
        return (string.Concat(messages.Select(static message => (string?)message["thinking"])),
            string.Concat(messages.Select(static message => (string?)message["content"])));
    }

    private string Translate(TranslatedForm form, AiCallKind from, AiCallKind to, params byte[][] pieces)
    {
        _output.Clear();
        _translation.Begin(form, from, to, _output, unixMs: 1000);
        foreach (byte[] piece in pieces)
        {
            _translation.Take(piece, _output);
        }

        _translation.TakeEnd(_output);
        return Encoding.UTF8.GetString(_output.Bytes);
    }
}
