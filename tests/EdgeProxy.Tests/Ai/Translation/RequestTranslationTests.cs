using System;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Transport;
using Xunit;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace EdgeProxy.Tests.Ai.Translation;

public sealed class RequestTranslationTests : IDisposable
{
    private const string Hi = RequestCases.Hi;

    private readonly BlockPool _blocks = new();
    private readonly HeldBody _output = new();
    private readonly RequestTranslation _translation = new();
    private readonly JsonIndex _index = new();

    public RequestTranslationTests() => _output.Bind(_blocks, budget: null);

    public static TheoryData<string, string, string> ToMessages => new()
    {
        { "a text", Hi, "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]" },
        {
            "system and developer, wherever they stand",
            "\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\""
                + "},{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}]",
            "\"system\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"c\"}],\"messa"
                + "ges\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}]"
        },
        {
            "images",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url"
                + "\":\"data:image\\/png;base64,AA\\/A\"}},{\"type\":\"image_url\",\"image_url\":{\"url\":\"h"
                + "ttp://a/b\"}}]}]",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"b"
                + "ase64\",\"media_type\":\"image\\/png\",\"data\":\"AA\\/A\"}},{\"type\":\"image\",\"source"
                + "\":{\"type\":\"url\",\"url\":\"http://a/b\"}}]}]"
        },
        {
            "a PDF",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\","
                + "\"file_data\":\"data:application\\/pdf;base64,AA\\/A\"}}]}]",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"title\":\"a.pdf\",\"source\":{"
                + "\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AA\\/A\"}}]}]"
        },
        {
            "a schema that is wished for, and how hard to think",
            Hi + ",\"reasoning_effort\":\"max\",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
                + "\"name\":\"n\",\"strict\":false,\"schema\":{\"type\":\"object\"}}}",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}],\"output_config\":{"
                + "\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}},\"effort\":\"max\"}"
        },
        {
            "calls and what they gave",
            "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"ty"
                + "pe\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\\\"\\\\u00e9\\"
                + "\\n\\\"}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments"
                + "\":\"\"}}]},"
                +
                    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"1\"},{\"role\":\"tool\",\"tool_ca"
                    + "ll_id\":\"c2\",\"content\":\"\"},{\"role\":\"user\",\"content\":\"so\"}]",
            "\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c1\",\""
                + "name\":\"f\",\"input\":{\"a\":\"\\u00e9\\n\"}},{\"type\":\"tool_use\",\"id\":\"c2\",\"name"
                + "\":\"g\",\"input\":{}}]},"
                +
                    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content"
                    + "\":[{\"type\":\"text\",\"text\":\"1\"}]},{\"type\":\"tool_result\",\"tool_use_id\":\"c2\"}"
                    + ",{\"type\":\"text\",\"text\":\"so\"}]}]"
        },
        {
            "tools and which to use",
            Hi +
                ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"st"
                + "rict\":true,\"parameters\":{\"type\":\"object\"}}},{\"type\":\"function\",\"function\":{\""
                + "name\":\"g\"}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}},\"pa"
                + "rallel_tool_calls\":false",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}],\"too"
                + "ls\":[{\"name\":\"f\",\"description\":\"d\",\"strict\":true,\"input_schema\":{\"type\":\"o"
                + "bject\"}},{\"name\":\"g\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}],\"too"
                + "l_choice\":{\"type\":\"tool\",\"name\":\"f\",\"disable_parallel_tool_use\":true}"
        },
    };

    public static TheoryData<string, string, string> ToChat => new()
    {
        {
            "system in between",
            "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":[{\"type\":\"text\","
                + "\"text\":\"s\"}]},{\"role\":\"user\",\"content\":\"b\"}]",
            "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"s\"},"
                + "{\"role\":\"user\",\"content\":\"b\"}]"
        },
        {
            "PDFs, with a title and without",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"title\":\"t\",\"source\":{\"type\":"
                + "\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}},{\"type\":\"document\",\"source\":{"
                + "\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"BBBB\"}}]}]",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"filename\":\"t\",\"file_data\":"
                + "\"data:application/pdf;base64,AAAA\"}},{\"type\":\"file\",\"file\":{\"filename\":\"document.pdf\","
                + "\"file_data\":\"data:application/pdf;base64,BBBB\"}}]}]"
        },
        {
            "system and blocks",
            "\"system\":[{\"type\":\"text\",\"text\":\"s\"}],\"messages\":[{\"role\":\"user\",\"content"
                + "\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]",
            "\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":[{\"t"
                + "ype\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]"
        },
        {
            "images",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"b"
                + "ase64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},{\"type\":\"image\",\"source\":{"
                + "\"type\":\"url\",\"url\":\"http://a\"}}]}]",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url"
                + "\":\"data:image/png;base64,AAAA\"}},{\"type\":\"image_url\",\"image_url\":{\"url\":\"http:"
                + "//a\"}}]}]"
        },
        {
            "calls and what they gave",
            "\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t"
                + "\",\"signature\":\"s\"},{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{\"a"
                + "\": \"\\u00e9\"}}]},"
                +
                    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content"
                    + "\":\"1\"},{\"type\":\"text\",\"text\":\"so\"}]}]",
            "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"ty"
                + "pe\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": \\\"\\\\u00e9\\"
                + "\"}\"}}]},"
                +
                    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"1\"},{\"role\":\"user\",\"content"
                    + "\":\"so\"}]"
        },
        {
            "tools and which to use",
            Hi +
                ",\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}]"
                + ",\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}",
            Hi +
                ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"pa"
                + "rameters\":{\"type\":\"object\"}}}],\"tool_choice\":\"required\",\"parallel_tool_calls\":f"
                + "alse"
        },
    };

    [Theory]
    [MemberData(nameof(ToMessages))]
    public void Chat_ForAnthropic_SaysTheSame(string what, string chat, string messages)
    {
        Assert.NotEmpty(what);
        AssertTranslated(AiCallKind.ChatCompletions, ProviderKind.Anthropic, chat, messages + ",\"max_tokens\":4096");
    }

    [Theory]
    [MemberData(nameof(ToChat))]
    public void Messages_ForOpenAi_SaysTheSame(string what, string messages, string chat)
    {
        Assert.NotEmpty(what);
        AssertTranslated(AiCallKind.Messages, ProviderKind.OpenAi, messages + ",\"max_tokens\":9",
            chat + ",\"max_completion_tokens\":9,\"stream\":false");
        AssertTranslated(AiCallKind.Messages, ProviderKind.OpenAiCompatible, messages + ",\"max_tokens\":9",
            chat + ",\"max_tokens\":9,\"stream\":false");
    }

    [Fact]
    public void Ollama_ForOthers_HasIdsForItsCalls()
    {
        const string Request =
            "\"stream\":false,\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
            +
                "{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}},{\"function\":{\"name\":\"g\",\"ar"
                + "guments\":{}}}]},"
            +
                "{\"role\":\"tool\",\"tool_name\":\"g\",\"content\":\"2\"},{\"role\":\"tool\",\"tool_name\""
                + ":\"f\",\"content\":\"1\"},"
            + "{\"role\":\"user\",\"content\":\"see\",\"images\":[\"iVBORw0KGgoAAA\"]}]";
        AssertTranslated(AiCallKind.OllamaChat, ProviderKind.OpenAi, Request,
            "\"stream\":false,\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
            +
                "{\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\"
                + "\"a\\\":1}\"}},"
            + "{\"id\":\"call_2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
            +
                "{\"role\":\"tool\",\"tool_call_id\":\"call_2\",\"content\":\"2\"},{\"role\":\"tool\",\"too"
                + "l_call_id\":\"call_1\",\"content\":\"1\"},"
            +
                "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},{\"type\":\"image_url"
                + "\",\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgoAAA\"}}]}]");
    }

    [Theory]
    [InlineData("\"json\"", "{\"type\":\"json_object\"}")]
    [InlineData("{\"type\":\"object\"}",
        "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"schema\":{\"type\":\"obje"
        + "ct\"}}}")]
    public void Ollama_Format_IsOpenAisResponseFormat(string format, string expected) =>
        AssertTranslated(AiCallKind.OllamaChat, ProviderKind.OpenAi, Hi + ",\"stream\":false,\"format\":" + format,
            Hi + ",\"stream\":false,\"response_format\":" + expected);

    [Fact]
    public void Ollama_Streams_UnlessToldNotTo() =>
        AssertTranslated(AiCallKind.OllamaChat, ProviderKind.OpenAi, Hi, Hi + ",\"stream\":true");

    // Every cell of the table: a member the other dialect has arrives under its name there, any other is told of.
    [Fact]
    public void Members_OfEveryDialect_ArriveOrAreToldOf()
    {
        int cells = 0;
        foreach ((AiCallKind from, ProviderKind provider) in TranslationTable.Pairs)
        {
            AiCallKind to = RequestTranslation.SentAs(from, provider);
            foreach (RequestMember member in RequestMembers.Of(from).All.ToArray())
            {
                string? cell = RequestMembers.CellOf(member, to);
                string spelled = cell is null || !cell.StartsWith('`') ? ""
                    : member.Part == RequestPart.MaxTokens && provider == ProviderKind.OpenAiCompatible ? "max_tokens"
                    : cell.Split('`')[1];
                RequestCases.Case told = Assert.NotNull(RequestCases.Find(from, to, member, spelled));

                JsonNode written = Translate(from, provider, told.Members, out string? fault, out string lost);

                Assert.Null(fault);
                Assert.Equal(cell is null ? member.Path : "", lost);
                Assert.True(spelled.Length == 0 || told.At.Length > 0, $"{from} {member.Path}: no place");
                if (cell is not null && told.At.Length > 0)
                {
                    AssertAt(written, told.At, told.Value);
                }

                cells++;
            }
        }

        Assert.True(cells > 150, $"{cells} cells");
    }

    // Every other line of the table, for each pair of dialects that has it.
    [Fact]
    public void Content_ThatCannotBeSaid_IsToldOf()
    {
        int lines = 0;
        foreach ((AiCallKind from, ProviderKind provider) in TranslationTable.Pairs)
        {
            AiCallKind to = RequestTranslation.SentAs(from, provider);
            foreach (LossEntry loss in TranslationTable.LossesOf(from, to))
            {
                int cases = 0;
                foreach ((AiCallKind of, Loss what, string members) in RequestCases.Losses)
                {
                    if (of != from || what != loss.Loss || CanSay(to, what, members))
                    {
                        continue;
                    }

                    Translate(from, provider, members, out string? fault, out string lost);

                    Assert.Null(fault);
                    Assert.True(loss.Name == lost, $"{from} to {to}, {members}: {lost}");
                    cases++;
                }

                Assert.True(cases > 0, $"{from} to {to}: {loss.Name} has no case");
                lines++;
            }
        }

        Assert.True(lines > 30, $"{lines} lines");
    }

    // JSON of no schema, and what of a system message is no text, is lost for Anthropic only.
    private static bool CanSay(AiCallKind to, Loss loss, string members) =>
        to == AiCallKind.ChatCompletions
        && (members.Contains("\"role\":\"system\"", StringComparison.Ordinal)
            || (loss == Loss.Format && (members.Contains("json_object", StringComparison.Ordinal)
                || members.Contains("\"format\":\"json\"", StringComparison.Ordinal))));

    [Theory]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"reasoning_effort\":\"minimal\"", "reasoning_effort")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"reasoning_effort\":\"none\"", "reasoning_effort")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"reasoning_effort\":null", "")]
    [InlineData((byte)AiCallKind.Messages, "\"output_config\":{\"effort\":\"all\"}", "output_config.effort")]
    [InlineData((byte)AiCallKind.OllamaChat, "\"think\":true", "think")]
    [InlineData((byte)AiCallKind.OllamaChat, "\"think\":false", "")]
    [InlineData((byte)AiCallKind.OllamaChat, "\"options\":7", "options")]
    [InlineData((byte)AiCallKind.Messages, "\"output_config\":\"high\"", "output_config")]
    [InlineData((byte)AiCallKind.Messages, "\"output_config\":null,\"output_format\":null", "")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"response_format\":{\"type\":\"text\"}", "")]
    [InlineData((byte)AiCallKind.Messages, "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":"
        + "{\"a\":1}}},\"output_format\":{\"type\":\"json_schema\",\"schema\":{\"b\":1}}", "output_format")]
    [InlineData((byte)AiCallKind.Messages, "\"output_format\":{\"type\":\"json_schema\",\"schema\":{\"a\":1}},"
        + "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"b\":1}}}", "output_config.format")]
    [InlineData((byte)AiCallKind.Messages, "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":"
        + "{\"a\":1}}},\"output_format\":{}", "")]
    [InlineData((byte)AiCallKind.Messages,
        "\"system\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":{\"enabled\":false}}]", "")]
    [InlineData((byte)AiCallKind.Messages,
        "\"system\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":{\"enabled\":true}}]", "citations")]
    public void Value_ThatCannotBeSaid_IsToldOfByItsMember(byte kind, string member, string expected)
    {
        var from = (AiCallKind)kind;
        ProviderKind provider = from == AiCallKind.ChatCompletions ? ProviderKind.Anthropic : ProviderKind.OpenAi;

        Translate(from, provider, $"{Hi},{member}", out string? fault, out string lost);

        Assert.Null(fault);
        Assert.Equal(expected, lost);
    }

    [Theory]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"a\":1", "messages")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"messages\":[1]", "messages[0]")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"king\"}]", "messages[1].role")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"messages\":[{\"role\":\"user\",\"content\":7}]", "messages[0].content")]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]", "messages[0].tool_call_id")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\"}]}]", "messages[0].tool_calls[]")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\""
        + ":\"f\",\"arguments\":\"[1]\"}}]}]", "tool_calls[].function.arguments")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"tools\":[{\"type\":\"function\"}]", "tools[].function.name")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"stop\":[1]", "stop[]")]
    [InlineData((byte)AiCallKind.Messages, Hi + ",\"system\":7", "system")]
    [InlineData((byte)AiCallKind.Messages, Hi + ",\"tool_choice\":{\"type\":\"x\"}", "tool_choice")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"}]}]",
        "messages[0].content[].tool_use_id")]
    [InlineData((byte)AiCallKind.OllamaChat, "\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]", "messages[0].tool_name")]
    public void Request_OfAnotherShape_IsRefusedByPlace(byte kind, string body, string expected)
    {
        var from = (AiCallKind)kind;
        ProviderKind provider = from == AiCallKind.ChatCompletions ? ProviderKind.Anthropic : ProviderKind.OpenAi;

        Translate(from, provider, body, out string? fault, out _);

        Assert.Equal(expected, fault);
    }

    // Each result is looked for among the calls before it: the search has an end, however many there are.
    [Theory]
    [InlineData(OllamaRequestReader.OpenCallsMax, null)]
    [InlineData(OllamaRequestReader.OpenCallsMax + 1, "messages[1].tool_name")]
    public void Result_FarBehindItsCall_IsRefused(int calls, string? expected)
    {
        var body = new StringBuilder("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[");
        for (int call = 1; call <= calls; call++)
        {
            body.Append($"{(call > 1 ? "," : "")}{{\"function\":{{\"name\":\"f{call}\",\"arguments\":{{}}}}}}");
        }

        body.Append($"]}},{{\"role\":\"tool\",\"tool_name\":\"f{calls}\",\"content\":\"a\"}}]");
        Translate(AiCallKind.OllamaChat, ProviderKind.OpenAi, body.ToString(), out string? fault, out _);

        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Table_OfWhatIsLost_IsPublished() => TranslationTable.AssertPublished();

    public void Dispose()
    {
        _output.Release();
        Assert.Equal(0, _blocks.RentedCount);
        _blocks.Dispose();
    }

    private static void AssertAt(JsonNode written, string path, string value)
    {
        JsonNode? found = written;
        foreach (string name in path.Split('.'))
        {
            found = int.TryParse(name, out int place) ? found?[place] : found?[name];
        }

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), found),
            $"{path}: wanted {value}\ngot {written.ToJsonString()}");
    }

    private void AssertTranslated(AiCallKind from, ProviderKind provider, string body, string expected)
    {
        JsonNode written = Translate(from, provider, body, out string? fault, out string lost);
        JsonNode wanted = JsonNode.Parse($"{{\"model\":\"m\",{expected}}}")!;

        Assert.Null(fault);
        Assert.Equal("", lost);
        Assert.True(JsonNode.DeepEquals(wanted, written), $"wanted {wanted.ToJsonString()}\ngot    {written.ToJsonString()}");
    }

    private JsonNode Translate(
        AiCallKind from, ProviderKind provider, string members, out string? fault, out string lost)
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{\"model\":\"m\",{members}}}");
        Assert.Equal(JsonFault.None, _index.Read(body));
        _output.Clear();
        fault = _translation.Translate(
            _index, body, from, RequestTranslation.SentAs(from, provider), provider, 0, _output);
        lost = _translation.Losses.Names(RequestMembers.Of(from));
        return fault is null ? JsonNode.Parse(_output.Bytes)! : new JsonObject();
    }
}
