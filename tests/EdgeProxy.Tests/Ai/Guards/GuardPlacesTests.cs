using System;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>
/// The places of each API's requests and answers that can carry a text, a picture or a file, one by one: what is seen,
/// what is refused because it cannot be, and what is free. SECRET stands for what a rule finds.
/// </summary>
public sealed class GuardPlacesTests
{
    private const string Secret = "a@b.com";

    // Requests.
    [Theory]
    [InlineData("chat: text", "{\"messages\":[{\"role\":\"user\",\"content\":\"SECRET\"}]}")]
    [InlineData("chat: part", "{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"SECRET\"}]}]}")]
    [InlineData("chat: part of no known type", "{\"messages\":[{\"content\":[{\"type\":\"new\",\"new\":\"SECRET\"}]}]}")]
    [InlineData("chat: part that is a string", "{\"messages\":[{\"content\":[\"SECRET\"]}]}")]
    [InlineData("chat: part in a part", "{\"messages\":[{\"content\":[[{\"x\":[\"SECRET\"]}]]}]}")]
    [InlineData("chat: content that is an object", "{\"messages\":[{\"content\":{\"text\":\"SECRET\"}}]}")]
    [InlineData("chat: escaped name", "{\"messages\":[{\"\\u0063ontent\":\"SECRET\"}]}")]
    [InlineData("chat: name in another case", "{\"messages\":[{\"x\":{\"Content\":\"SECRET\"}}]}")]
    [InlineData("chat: a member called data", "{\"messages\":[{\"role\":\"user\",\"data\":\"SECRET\"}]}")]
    [InlineData("chat: role that is no word", "{\"messages\":[{\"role\":\"user to SECRET\",\"content\":\"\"}]}")]
    [InlineData("chat: id that is no word", "{\"messages\":[{\"tool_call_id\":\"to SECRET\",\"content\":\"\"}]}")]
    [InlineData("chat: name", "{\"messages\":[{\"name\":\"SECRET\",\"content\":\"\"}]}")]
    [InlineData("chat: refusal", "{\"messages\":[{\"role\":\"assistant\",\"refusal\":\"SECRET\"}]}")]
    [InlineData("chat: reasoning", "{\"messages\":[{\"reasoning_content\":\"SECRET\",\"reasoning\":\"SECRET\"}]}")]
    [InlineData("chat: arguments",
        "{\"messages\":[{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"a\\\":\\\"SECRET\\\"}\"}}]}]}")]
    [InlineData("chat: arguments in another case, escaped twice",
        "{\"messages\":[{\"tool_calls\":[{\"Function\":{\"Arguments\":\"{\\\"a\\\":\\\"ESCAPED\\\"}\"}}]}]}")]
    [InlineData("chat: old arguments", "{\"messages\":[{\"function_call\":{\"arguments\":\"{\\\"a\\\":\\\"SECRET\\\"}\"}}]}")]
    [InlineData("chat: custom tool", "{\"messages\":[{\"tool_calls\":[{\"custom\":{\"input\":\"SECRET\"}}]}]}")]
    [InlineData("chat: result of a tool", "{\"messages\":[{\"role\":\"tool\",\"content\":\"SECRET\"}]}")]
    [InlineData("chat: prediction", "{\"prediction\":{\"type\":\"content\",\"content\":\"SECRET\"}}")]
    [InlineData("chat: stop", "{\"stop\":[\"SECRET\"]}")]
    [InlineData("chat: tool",
        "{\"tools\":[{\"function\":{\"name\":\"SECRET\",\"description\":\"SECRET\",\"parameters\":{\"properties\":"
            + "{\"id\":{\"enum\":[\"SECRET\"],\"type\":\"SECRET\"}}}}}]}")]
    [InlineData("chat: grammar", "{\"tools\":[{\"custom\":{\"format\":{\"grammar\":{\"definition\":\"SECRET\"}}}}]}")]
    [InlineData("chat: schema", "{\"response_format\":{\"json_schema\":{\"schema\":{\"type\":\"SECRET\"}}}}")]
    [InlineData("chat: user, metadata", "{\"user\":\"SECRET\",\"metadata\":{\"id\":\"SECRET\"}}")]
    [InlineData("chat: location", "{\"web_search_options\":{\"user_location\":{\"approximate\":{\"city\":\"SECRET\"}}}}")]
    [InlineData("chat: documents", "{\"documents\":[{\"title\":\"SECRET\",\"text\":\"SECRET\"}]}")]
    [InlineData("chat: template", "{\"chat_template\":\"SECRET\",\"chat_template_kwargs\":{\"x\":\"SECRET\"}}")]
    [InlineData("responses: input", "{\"input\":\"SECRET\"}")]
    [InlineData("responses: items", "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"SECRET\"}]}]}")]
    [InlineData("responses: input that is an object", "{\"input\":{\"content\":\"SECRET\"}}")]
    [InlineData("responses: instructions", "{\"instructions\":\"SECRET\"}")]
    [InlineData("responses: stored prompt", "{\"prompt\":{\"id\":\"p\",\"variables\":{\"id\":\"SECRET\",\"v\":{\"text\":\"SECRET\"}}}}")]
    [InlineData("responses: call", "{\"input\":[{\"type\":\"function_call\",\"arguments\":\"{\\\"a\\\":\\\"SECRET\\\"}\"}]}")]
    [InlineData("responses: its output", "{\"input\":[{\"type\":\"function_call_output\",\"output\":\"SECRET\"}]}")]
    [InlineData("responses: output of parts",
        "{\"input\":[{\"type\":\"function_call_output\",\"output\":[{\"type\":\"input_text\",\"text\":\"SECRET\"}]}]}")]
    [InlineData("responses: custom tool", "{\"input\":[{\"type\":\"custom_tool_call\",\"input\":\"SECRET\"}]}")]
    [InlineData("responses: mcp",
        "{\"input\":[{\"type\":\"mcp_call\",\"arguments\":\"{\\\"a\\\":\\\"SECRET\\\"}\",\"output\":\"SECRET\",\"error\":\"SECRET\"}]}")]
    [InlineData("responses: mcp tools", "{\"input\":[{\"type\":\"mcp_list_tools\",\"tools\":[{\"description\":\"SECRET\"}]}]}")]
    [InlineData("responses: shell", "{\"input\":[{\"type\":\"shell_call\",\"action\":{\"commands\":[\"SECRET\"],\"env\":{\"id\":\"SECRET\"}}}]}")]
    [InlineData("responses: its output in parts",
        "{\"input\":[{\"type\":\"shell_call_output\",\"output\":[{\"stdout\":\"SECRET\",\"stderr\":\"SECRET\"}]}]}")]
    [InlineData("responses: computer", "{\"input\":[{\"type\":\"computer_call\",\"action\":{\"type\":\"type\",\"text\":\"SECRET\"}}]}")]
    [InlineData("responses: search", "{\"input\":[{\"type\":\"web_search_call\",\"action\":{\"query\":\"SECRET\"}}]}")]
    [InlineData("responses: file search",
        "{\"input\":[{\"type\":\"file_search_call\",\"queries\":[\"SECRET\"],\"results\":[{\"text\":\"SECRET\"}]}]}")]
    [InlineData("responses: code",
        "{\"input\":[{\"type\":\"code_interpreter_call\",\"code\":\"SECRET\",\"outputs\":[{\"type\":\"logs\",\"logs\":\"SECRET\"}]}]}")]
    [InlineData("responses: patch",
        "{\"input\":[{\"type\":\"apply_patch_call\",\"operation\":{\"type\":\"update_file\",\"diff\":\"SECRET\",\"path\":\"SECRET\"}}]}")]
    [InlineData("responses: reasoning",
        "{\"input\":[{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"SECRET\"}],\"content\":[{\"text\":\"SECRET\"}]}]}")]
    [InlineData("responses: format", "{\"text\":{\"format\":{\"type\":\"json_schema\",\"description\":\"SECRET\"}}}")]
    [InlineData("messages: system", "{\"system\":\"SECRET\"}")]
    [InlineData("messages: system of parts", "{\"system\":[{\"type\":\"text\",\"text\":\"SECRET\"}]}")]
    [InlineData("messages: text", "{\"messages\":[{\"role\":\"user\",\"content\":\"SECRET\"}]}")]
    [InlineData("messages: tool", "{\"tools\":[{\"name\":\"t\",\"description\":\"SECRET\",\"input_schema\":{\"type\":\"SECRET\"},"
        + "\"input_examples\":[{\"id\":\"SECRET\"}]}]}")]
    [InlineData("messages: call", "{\"messages\":[{\"content\":[{\"type\":\"tool_use\",\"input\":{\"id\":[{\"type\":\"SECRET\"}]}}]}]}")]
    [InlineData("messages: result", "{\"messages\":[{\"content\":[{\"type\":\"tool_result\",\"content\":\"SECRET\"}]}]}")]
    [InlineData("messages: result of parts",
        "{\"messages\":[{\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\",\"text\":\"SECRET\"}]}]}]}")]
    [InlineData("messages: search result",
        "{\"messages\":[{\"content\":[{\"type\":\"search_result\",\"source\":\"SECRET\",\"title\":\"SECRET\",\"content\":[{\"text\":\"SECRET\"}]}]}]}")]
    [InlineData("messages: document of text",
        "{\"messages\":[{\"content\":["
            + "{\"type\":\"document\",\"title\":\"SECRET\",\"context\":\"SECRET\",\"source\":{\"type\":\"text\",\"data\":\"SECRET\"}}]}]}")]
    [InlineData("messages: document of parts",
        "{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"text\":\"SECRET\"}]}}]}]}")]
    [InlineData("messages: citation",
        "{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"\",\"citations\":[{\"cited_text\":\"SECRET\"}]}]}]}")]
    [InlineData("messages: code",
        "{\"messages\":[{\"content\":[{\"type\":\"code_execution_tool_result\",\"content\":{\"stdout\":\"SECRET\"}}]}]}")]
    [InlineData("messages: stop", "{\"stop_sequences\":[\"SECRET\"],\"metadata\":{\"user_id\":\"SECRET\"}}")]
    [InlineData("embeddings: input", "{\"input\":[\"SECRET\",\"SECRET\"]}")]
    [InlineData("embeddings: input of parts", "{\"input\":[{\"text\":\"SECRET\"}]}")]
    [InlineData("ollama: chat", "{\"messages\":[{\"content\":\"SECRET\",\"thinking\":\"SECRET\",\"tool_name\":\"SECRET\"}]}")]
    [InlineData("ollama: call", "{\"messages\":[{\"tool_calls\":[{\"function\":{\"arguments\":{\"id\":\"SECRET\"}}}]}]}")]
    [InlineData("ollama: generate", "{\"prompt\":\"SECRET\",\"suffix\":\"SECRET\",\"system\":\"SECRET\",\"template\":\"SECRET\"}")]
    [InlineData("ollama: format", "{\"format\":{\"properties\":{\"id\":{\"type\":\"SECRET\"}},\"description\":\"SECRET\"}}")]
    [InlineData("ollama: options", "{\"options\":{\"stop\":[\"SECRET\"]}}")]
    public void Request_WhereTextCanStand_ItIsSeen(string place, string body)
    {
        const string twice = "a\\\\u0040b.com"; // what is left to decode in the text of a string that is JSON
        using GuardBench bench = GuardBench.Masking();
        string sent = body.Replace("SECRET", Secret, StringComparison.Ordinal)
            .Replace("ESCAPED", twice, StringComparison.Ordinal);

        string masked = bench.Inspect(sent);

        Assert.True(!bench.Prompt.IsBlocked, $"{place}: {bench.Prompt.Reason}");
        Assert.Equal(body.Replace("SECRET", "[EMAIL]", StringComparison.Ordinal)
            .Replace("ESCAPED", "[EMAIL]", StringComparison.Ordinal), masked);
    }

    [Theory]
    [InlineData("chat: picture", "{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/y\"}}]}]}")]
    [InlineData("chat: picture without a type", "{\"messages\":[{\"content\":[{\"image_url\":{\"url\":\"https://x/y\"}}]}]}")]
    [InlineData("chat: picture that is only a link", "{\"messages\":[{\"content\":[{\"image_url\":\"https://x/y\"}]}]}")]
    [InlineData("chat: type that says text", "{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"\",\"image_url\":{\"url\":\"x\"}}]}]}")]
    [InlineData("chat: names in another case", "{\"messages\":[{\"content\":[{\"Type\":\"image\",\"Source\":{\"Data\":\"eA==\"}}]}]}")]
    [InlineData("chat: type told twice", "{\"messages\":[{\"content\":[{\"type\":\"text\",\"tYpe\":\"input_audio\"}]}]}")]
    [InlineData("chat: escaped type", "{\"messages\":[{\"content\":[{\"t\\u0079pe\":\"im\\u0061ge_url\"}]}]}")]
    [InlineData("chat: sound", "{\"messages\":[{\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"eA==\"}}]}]}")]
    [InlineData("chat: sound without a type", "{\"messages\":[{\"content\":[{\"input_audio\":{\"data\":\"eA==\"}}]}]}")]
    [InlineData("chat: film", "{\"messages\":[{\"content\":[{\"type\":\"video_url\",\"video_url\":{\"url\":\"x\"}}]}]}")]
    [InlineData("chat: embeddings", "{\"messages\":[{\"content\":[{\"type\":\"prompt_embeds\",\"data\":\"eA==\"}]}]}")]
    [InlineData("chat: file", "{\"messages\":[{\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}]}]}")]
    [InlineData("chat: file of a source that is text",
        "{\"messages\":[{\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"f\"},\"source\":{\"type\":\"text\"}}]}]}")]
    [InlineData("chat: file without a type", "{\"messages\":[{\"content\":[{\"file\":{\"file_id\":\"f\"}}]}]}")]
    [InlineData("chat: sound of a source that is text",
        "{\"messages\":[{\"content\":[{\"type\":\"input_audio\",\"source\":{\"type\":\"text\"},\"data\":\"eA==\"}]}]}")]
    [InlineData("responses: file of a source that is text",
        "{\"input\":[{\"content\":[{\"type\":\"input_file\",\"file_url\":\"https://x/a.pdf\",\"source\":{\"type\":\"text\"}}]}]}")]
    [InlineData("responses: file without a type", "{\"input\":[{\"content\":[{\"file_url\":\"https://x/a.pdf\"}]}]}")]
    [InlineData("chat: link that is the data", "{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"\",\"url\":\"data:text/plain,x\"}]}]}")]
    [InlineData("chat: result of a tool", "{\"messages\":[{\"role\":\"tool\",\"content\":[{\"type\":\"image_url\"}]}]}")]
    [InlineData("responses: picture", "{\"input\":[{\"content\":[{\"type\":\"input_image\",\"file_id\":\"f\"}]}]}")]
    [InlineData("responses: file", "{\"input\":[{\"content\":[{\"type\":\"input_file\",\"file_url\":\"https://x\"}]}]}")]
    [InlineData("responses: input that is an object", "{\"input\":{\"content\":[{\"type\":\"input_image\"}]}}")]
    [InlineData("responses: output of a tool",
        "{\"input\":[{\"type\":\"function_call_output\",\"output\":[{\"type\":\"input_image\",\"image_url\":\"x\"}]}]}")]
    [InlineData("responses: stored prompt", "{\"prompt\":{\"variables\":{\"v\":{\"type\":\"input_image\",\"image_url\":\"x\"}}}}")]
    [InlineData("responses: mask of a picture", "{\"tools\":[{\"type\":\"image_generation\",\"input_image_mask\":{\"image_url\":\"x\"}}]}")]
    [InlineData("responses: files of code", "{\"tools\":[{\"type\":\"code_interpreter\",\"container\":{\"file_ids\":[\"f\"]}}]}")]
    [InlineData("responses: picture of code",
        "{\"input\":[{\"type\":\"code_interpreter_call\",\"outputs\":[{\"type\":\"image\",\"url\":\"x\"}]}]}")]
    [InlineData("responses: picture that was made", "{\"input\":[{\"type\":\"image_generation_call\",\"result\":\"eA==\"}]}")]
    [InlineData("messages: picture", "{\"messages\":[{\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"x\"}}]}]}")]
    [InlineData("messages: picture in a result",
        "{\"messages\":[{\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":\"image\"}]}]}]}")]
    [InlineData("messages: document", "{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"eA==\"}}]}]}")]
    [InlineData("messages: document that is text in Base64",
        "{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"text/plain\",\"data\":\"eA==\"}}]}]}")]
    [InlineData("messages: document told twice",
        "{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\"},\"Source\":{\"type\":\"base64\"}}]}]}")]
    [InlineData("messages: document of a picture",
        "{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"image\"}]}}]}]}")]
    [InlineData("messages: file", "{\"messages\":[{\"content\":[{\"type\":\"container_upload\",\"file_id\":\"f\"}]}]}")]
    [InlineData("embeddings: picture", "{\"input\":[{\"image\":\"https://x/y\"}]}")]
    [InlineData("ollama: pictures", "{\"messages\":[{\"content\":\"\",\"images\":[\"eA==\"]}]}")]
    [InlineData("ollama: pictures of generate", "{\"prompt\":\"\",\"images\":[\"eA==\"]}")]
    public void Request_WhatNoRuleCanLookInto_IsRefused_UnlessItMayPass(string place, string body)
    {
        using GuardBench bench = GuardBench.Masking();
        using var passing = new GuardBench(passesAttachments: true, GuardBench.Rule(GuardDetect.Email));

        bench.Inspect(body);
        string passed = passing.Inspect(body);

        Assert.True(bench.Prompt.Reason == "attachment", $"{place}: {bench.Prompt.Reason}");
        Assert.Equal((body, false), (passed, passing.Prompt.IsBlocked));
    }

    [Theory]
    [InlineData(nameof(AiCallKind.Embeddings), "{\"input\":[1,2]}")]
    [InlineData(nameof(AiCallKind.Embeddings), "{\"input\":[[1],[2]]}")]
    [InlineData(nameof(AiCallKind.Embeddings), "{\"input\":[\"a\",[1]]}")]
    [InlineData(nameof(AiCallKind.OllamaEmbed), "{\"input\":[[1]]}")]
    [InlineData(nameof(AiCallKind.OllamaGenerate), "{\"prompt\":\"\",\"context\":[1,2]}")]
    [InlineData(nameof(AiCallKind.OllamaGenerate), "{\"prompt\":\"\",\"Context\":[1,2]}")]
    public void Request_OfTokens_IsRefused(string kind, string body)
    {
        using GuardBench bench = GuardBench.Masking();

        bench.Inspect(body, Enum.Parse<AiCallKind>(kind));

        Assert.Equal("tokens", bench.Prompt.Reason);
    }

    // What must stay as it is: marks, what a provider sealed, what is a tool's own, numbers.
    [Theory]
    [InlineData("{\"model\":\"a@b.com\",\"messages\":[{\"role\":\"user\",\"tool_call_id\":\"a@b.com\"}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"redacted_thinking\",\"data\":\"a@b.com\"}]}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"a@b.com\"}]}]}")]
    [InlineData("{\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":\"a@b.com\"}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"tool_use\",\"input\":{\"type\":\"image\",\"images\":[\"x\"]}}]}]}")]
    [InlineData("{\"tools\":[{\"function\":{\"parameters\":{\"properties\":{\"image\":{\"type\":\"object\"},\"context\":{\"default\":[1]}}}}}]}")]
    [InlineData("{\"audio\":{\"voice\":\"x\",\"format\":\"wav\"},\"seed\":4111111111111111,\"images\":[],\"image_url\":null}")]
    [InlineData("{\"prompt\":\"\",\"context\":[]}")]
    [InlineData("{\"input\":[{\"content\":[{\"text\":\"\",\"annotations\":[{\"type\":\"file_citation\",\"file_id\":\"f\"}]}]}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"\"}}]}]}")]
    public void Request_WhatIsNoText_StaysAsItIs(string body)
    {
        using GuardBench bench = GuardBench.Masking();

        Assert.Equal((body, ""), (bench.Inspect(body), bench.Prompt.Reason));
    }

    // Answers.
    [Theory]
    [InlineData("chat", "{\"choices\":[{\"message\":{\"content\":\"SECRET\",\"refusal\":\"SECRET\",\"reasoning\":\"SECRET\","
        + "\"reasoning_content\":\"SECRET\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"SECRET\"}]}}]}")]
    [InlineData("chat: parts", "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"text\":\"SECRET\"}]}]}}]}")]
    [InlineData("chat: annotations",
        "{\"choices\":[{\"message\":{\"annotations\":[{\"url_citation\":{\"title\":\"SECRET\",\"url\":\"https://x/SECRET\"}}]}}]}")]
    [InlineData("chat: calls",
        "{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"SECRET\",\"arguments\":\"{\\\"id\\\":\\\"SECRET\\\"}\"}},"
        + "{\"custom\":{\"input\":\"SECRET\"}}]}}]}")]
    [InlineData("chat: links", "{\"citations\":[\"https://x/SECRET\"],\"search_results\":[{\"title\":\"SECRET\",\"image_url\":\"https://x\"}]}")]
    [InlineData("responses", "{\"output\":[{\"content\":[{\"type\":\"output_text\",\"text\":\"SECRET\",\"annotations\":[{\"title\":\"SECRET\"}]},"
        + "{\"type\":\"refusal\",\"refusal\":\"SECRET\"}]}],\"output_text\":\"SECRET\",\"error\":{\"message\":\"SECRET\"}}")]
    [InlineData("responses: items", "{\"output\":[{\"type\":\"reasoning\",\"summary\":[{\"text\":\"SECRET\"}]},"
        + "{\"type\":\"custom_tool_call\",\"input\":\"SECRET\"},{\"type\":\"code_interpreter_call\",\"code\":\"SECRET\"},"
        + "{\"type\":\"mcp_call\",\"output\":\"SECRET\"},{\"type\":\"shell_call\",\"action\":{\"commands\":[\"SECRET\"]}}]}")]
    [InlineData("messages", "{\"content\":[{\"type\":\"text\",\"text\":\"SECRET\",\"citations\":[{\"cited_text\":\"SECRET\"}]},"
        + "{\"type\":\"thinking\",\"thinking\":\"SECRET\"},{\"type\":\"tool_use\",\"input\":{\"type\":\"SECRET\"}},"
        + "{\"type\":\"server_tool_use\",\"input\":{\"query\":\"SECRET\"}},"
        + "{\"type\":\"web_search_tool_result\",\"content\":[{\"title\":\"SECRET\",\"url\":\"https://x/SECRET\"}]}]}")]
    [InlineData("ollama",
        "{\"message\":{\"content\":\"SECRET\",\"thinking\":\"SECRET\",\"tool_calls\":[{\"function\":{\"arguments\":{\"status\":\"SECRET\"}}}]},"
        + "\"response\":\"SECRET\",\"thinking\":\"SECRET\"}")]
    [InlineData("an error", "{\"error\":{\"message\":\"SECRET\",\"type\":\"no mark to SECRET\"},\"detail\":\"no SECRET\"}")]
    public void Answer_WhatAClientShows_IsMasked(string place, string body)
    {
        using GuardBench bench = GuardBench.Masking();

        string masked = bench.InspectAnswer(body.Replace("SECRET", Secret, StringComparison.Ordinal));

        Assert.True(!bench.Answer.IsBlocked, $"{place}: {bench.Answer.Reason}");
        Assert.Equal(body.Replace("SECRET", "[EMAIL]", StringComparison.Ordinal), masked);
    }

    // The text again, in pieces that no rule finds anything in.
    [Theory]
    [InlineData("{\"choices\":[{\"logprobs\":{\"content\":[{\"token\":\"a@\"},{\"token\":\"b.com\"}]}}]}", "{\"choices\":[{\"logprobs\":null}]}")]
    [InlineData("{\"output\":[{\"content\":[{\"logprobs\":[{\"token\":\"a@\"}]}]}]}", "{\"output\":[{\"content\":[{\"logprobs\":[]}]}]}")]
    [InlineData("{\"response\":\"x\",\"logprobs\":[{\"token\":\"a@\"}]}", "{\"response\":\"x\",\"logprobs\":[]}")]
    [InlineData("{\"response\":\"x\",\"context\":[1,2]}", "{\"response\":\"x\",\"context\":[]}")]
    [InlineData("{\"choices\":[{\"token_ids\":[1,2]}],\"prompt_token_ids\":[3]}", "{\"choices\":[{\"token_ids\":[]}],\"prompt_token_ids\":[]}")]
    [InlineData("{\"content\":[{\"type\":\"tool_use\",\"input\":{\"context\":[1],\"logprobs\":[2]}}]}",
        "{\"content\":[{\"type\":\"tool_use\",\"input\":{\"context\":[1],\"logprobs\":[2]}}]}")]
    public void Answer_WhatRepeatsTheTextAsTokens_IsTakenOut(string body, string expected)
    {
        using GuardBench bench = GuardBench.Masking();
        using var telling = new GuardBench(GuardBench.Rule(GuardDetect.Email, FindingAction.Flag));

        Assert.Equal(expected, bench.InspectAnswer(body));
        Assert.Equal(body, telling.InspectAnswer(body));
    }

    [Theory]
    [InlineData("{\"choices\":[{\"message\":{\"images\":[{\"type\":\"image_url\"}]}}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"audio\":{\"data\":\"eA==\",\"transcript\":\"x\"}}}]}")]
    [InlineData("{\"output\":[{\"type\":\"image_generation_call\",\"result\":\"eA==\"}]}")]
    [InlineData("{\"type\":\"response.image_generation_call.partial_image\",\"partial_image_b64\":\"eA==\"}")]
    [InlineData("{\"response\":\"\",\"image\":\"eA==\"}")]
    [InlineData("{\"choices\":[{\"message\":{\"content\":[{\"x\":1,\"url\":\"data:text/plain,x\"}]}}]}")]
    public void Answer_WhatNoRuleCanLookInto_IsWithheld(string body)
    {
        using GuardBench bench = GuardBench.Masking();

        bench.InspectAnswer(body);

        Assert.Equal("attachment", bench.Answer.Reason);
    }
}
