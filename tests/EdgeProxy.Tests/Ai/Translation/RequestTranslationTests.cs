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
    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

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
                string value = ValueOf(member.Part);
                if (value.Length == 0)
                {
                    continue; // messages, tools and the like have tests of their own
                }

                string[] path = member.Path.Split('.');
                string body = path.Length == 1 ? $"\"{path[0]}\":{value}" : $"\"{path[0]}\":{{\"{path[1]}\":{value}}}";
                JsonNode written = Translate(from, provider, $"{Hi},{body}", out string? fault, out string lost);
                string? cell = RequestMembers.CellOf(member, to);
                Assert.Null(fault);
                Assert.Equal(cell is null ? member.Path : "", lost);
                if (cell is not null && member.Part is > RequestPart.Messages and not RequestPart.Choices)
                {
                    string target = to == AiCallKind.ChatCompletions && member.Part == RequestPart.MaxTokens
                        && provider == ProviderKind.OpenAiCompatible ? "max_tokens" : cell.Split('`')[1];
                    JsonNode? found = written;
                    foreach (string name in target.Split('.'))
                    {
                        found = found?[name];
                    }

                    JsonNode arrived = Assert.IsAssignableFrom<JsonNode>(found);
                    string expected = member.Part == RequestPart.Stop ? "[\"x\"]" : value;
                    Assert.Equal(expected, arrived.ToJsonString());
                }

                cells++;
            }
        }

        Assert.True(cells > 100, $"{cells} cells");
    }

    // Every other line of the table.
    [Theory]
    [InlineData((byte)AiCallKind.ChatCompletions, "\"what\":1," + Hi, "unknown_member")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"new\"}]}]", "unknown_content")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]", "input_audio")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\"}]}]", "file")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\"}]}]", "file")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"f"
        + "ile\"}}]}]", "image")]
    [InlineData((byte)AiCallKind.OllamaChat,
        "\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"images\":[\"xx\"]}]", "image")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\""
        + "a\",\"content\":[{\"type\":\"image\"}]}]}]", "tool_result.image")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\""
        + "a\",\"is_error\":true}]}]", "tool_result.is_error")]
    [InlineData((byte)AiCallKind.Messages,
        "\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cit"
        + "ations\":[1]}]}]", "citations")]
    [InlineData((byte)AiCallKind.ChatCompletions,
        "\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":\"b\"}]", "messages[].name")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"tools\":[{\"type\":\"custom\"}]", "tools[].custom")]
    [InlineData((byte)AiCallKind.Messages, Hi + ",\"tools\":[{\"type\":\"web_search_1\",\"name\":\"w\"}]", "tools[].type")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"tool_choice\":{\"type\":\"allowed_tools\"}", "tool_choice.allowed_tools")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"temperature\":1.5", "temperature")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"n\":2", "n")]
    [InlineData((byte)AiCallKind.OllamaChat, Hi + ",\"format\":\"xml\"", "response_format")]
    [InlineData((byte)AiCallKind.ChatCompletions, Hi + ",\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    public void Content_ThatCannotBeSaid_IsToldOf(byte kind, string body, string expected)
    {
        var from = (AiCallKind)kind;
        ProviderKind provider = from == AiCallKind.ChatCompletions ? ProviderKind.Anthropic : ProviderKind.OpenAi;

        Translate(from, provider, body, out string? fault, out string lost);

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

    // A value that says something; "" where the shape is more than a value.
    private static string ValueOf(RequestPart part) => part switch
    {
        RequestPart.Messages or RequestPart.System or RequestPart.Tools or RequestPart.ToolChoice
            or RequestPart.ParallelTools or RequestPart.Format or RequestPart.Group or RequestPart.Model => "",
        RequestPart.Stop => "\"x\"",
        RequestPart.Stream => "true",
        RequestPart.User => "\"u\"",
        RequestPart.Temperature => "0.5",
        RequestPart.Choices => "1",
        RequestPart.None or RequestPart.Hint or RequestPart.Proxy => "{\"a\":1}",
        _ => "3",
    };

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
