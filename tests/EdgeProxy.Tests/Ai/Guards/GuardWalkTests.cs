using System;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

public sealed class GuardWalkTests
{
    private const string Card = "4111 1111 1111 1111";

    [Theory]
    [InlineData("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a@b.com, caf\\u00e9\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"[EMAIL], caf\\u00e9\"}]}")]
    [InlineData("{\"model\":\"a@b.com\",\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"a\\u0040b.com \\n\"}]}]}",
        "{\"model\":\"a@b.com\",\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"[EMAIL] \\n\"}]}]}")]
    [InlineData("{\"messages\":[{\"tool_calls\":[{\"id\":\"a@b.com\",\"function\":{\"arguments\":\"{\\\"to\\\":\\\"a\\\\u0040b.com\\\"}\"}}]}]}",
        "{\"messages\":[{\"tool_calls\":[{\"id\":\"a@b.com\",\"function\":{\"arguments\":\"{\\\"to\\\":\\\"[EMAIL]\\\"}\"}}]}]}")]
    [InlineData("{\"messages\":[{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"n\\\":4111111111111111}\"}}]}]}",
        "{\"messages\":[{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"n\\\":\\\"[CARDNUMBER]\\\"}\"}}]}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"tool_use\",\"input\":{\"id\":\"a@b.com\",\"n\":4111111111111111}}]}]}",
        "{\"messages\":[{\"content\":[{\"type\":\"tool_use\",\"input\":{\"id\":\"[EMAIL]\",\"n\":\"[CARDNUMBER]\"}}]}]}")]
    [InlineData("{\"metadata\":{\"a@b.com\":\"x\"},\"seed\":4111111111111111}",
        "{\"metadata\":{\"[EMAIL]\":\"x\"},\"seed\":4111111111111111}")]
    [InlineData("{\"input\":[\"a@b.com\",\"x\"],\"instructions\":\"bluebird\",\"new_field\":\"10.0.0.1\"}",
        "{\"input\":[\"[EMAIL]\",\"x\"],\"instructions\":\"[WORDS]\",\"new_field\":\"[IPADDRESS]\"}")]
    [InlineData("{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"a@b.com\"}}]}",
        "{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"[EMAIL]\"}}]}")]
    public void Prompt_EveryTextIsMasked_AndNothingElseChanges(string body, string expected)
    {
        using GuardBench bench = GuardBench.Masking();

        Assert.Equal(expected, bench.Inspect(body));
        Assert.False(bench.Prompt.IsBlocked);
    }

    [Theory]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}]}]}")]
    [InlineData("{\"messages\":[{\"content\":[{\"type\":\"im\\u0061ge\",\"source\":{\"type\":\"base64\",\"data\":\"eA==\"}}]}]}")]
    [InlineData("{\"messages\":[{\"content\":\"x\",\"images\":[\"eA==\"]}]}")]
    [InlineData("{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"eA==\"}}]}")]
    [InlineData("{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:x\"}]}]}")]
    [InlineData("{\"input\":[{\"type\":\"function_call_output\",\"output\":[{\"type\":\"input_file\",\"file_id\":\"f\"}]}]}")]
    [InlineData("{\"input\":[{\"output\":{\"type\":\"computer_screenshot\",\"image_url\":\"data:x\"}}]}")]
    public void Prompt_WhatNoRuleCanLookInto_IsRefused(string body)
    {
        using GuardBench bench = GuardBench.Masking();
        bench.Inspect(body);

        Assert.Equal("attachment", bench.Prompt.Reason);
    }

    [Theory]
    [InlineData("{\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_image\"}]}]}", "attachment")]
    [InlineData("{\"output\":[{\"type\":\"image_generation_call\",\"result\":\"eA==\"}]}", "attachment")]
    [InlineData("{\"output\":[{\"type\":\"message\",\"id\":\"m\",\"content\":[{\"type\":\"output_text\"}]}]}", "")]
    public void Answer_WhatNoRuleCanLookInto_IsRefused(string body, string reason)
    {
        using GuardBench bench = GuardBench.Masking();
        bench.InspectAnswer(body);

        Assert.Equal((reason, reason.Length > 0), (bench.Answer.Reason, bench.Answer.IsBlocked));
    }

    // What a tool is called with, and what it says, is anybody's, whatever its members are called.
    [Theory]
    [InlineData("{\"content\":[{\"type\":\"tool_use\",\"input\":{\"list\":[{\"status\":\"a@b.com\"}]}}]}")]
    [InlineData("{\"input\":[{\"type\":\"mcp_call\",\"output\":{\"format\":[\"a@b.com\"]}}]}")]
    [InlineData("{\"messages\":[{\"tool_calls\":[{\"function\":{\"arguments\":[{\"status\":\"a@b.com\"}]}}]}]}")]
    public void Prompt_WhatIsFree_IsTextAll(string body)
    {
        using GuardBench bench = GuardBench.Masking();

        Assert.Equal(body.Replace("a@b.com", "[EMAIL]", StringComparison.Ordinal), bench.Inspect(body));
        Assert.False(bench.Prompt.IsBlocked);
    }

    [Theory]
    [InlineData("{\"input\":[1,2,3]}")]
    [InlineData("{\"input\":[[1],[2]]}")]
    public void Prompt_OfTokens_IsRefused(string body)
    {
        using GuardBench bench = GuardBench.Masking();
        bench.Inspect(body, AiCallKind.Embeddings);

        Assert.Equal("tokens", bench.Prompt.Reason);
    }

    [Fact]
    public void Prompt_BlockingRule_Blocks_AndReportOnlyDoesNot()
    {
        GuardRule rule = GuardBench.Rule(GuardDetect.CardNumber, FindingAction.Block);
        using var blocking = new GuardBench(rule);
        using var reporting = new GuardBench(rule with { ReportOnly = true });
        string body = $"{{\"input\":\"pay {Card}\"}}";

        Assert.Equal(body, blocking.Inspect(body));
        Assert.Equal("cardnumber", blocking.Prompt.Reason);
        Assert.Equal(body, reporting.Inspect(body));
        Assert.False(reporting.Prompt.IsBlocked);
    }

    [Fact]
    public void Prompt_Length_CountsAllTextsTogether()
    {
        using var bench = new GuardBench(GuardBench.Rule(GuardDetect.Length, FindingAction.Block));

        bench.Inspect("{\"a\":\"0123456789012345678\",\"b\":\"0123456789012345678\"}");
        Assert.False(bench.Prompt.IsBlocked);
        bench.Inspect("{\"a\":\"0123456789012345678\",\"b\":\"0123456789012345678xx\"}");
        Assert.Equal("length", bench.Prompt.Reason);
    }

    [Fact]
    public void Signed_Thinking_IsStoppedInsteadOfChanged()
    {
        using GuardBench bench = GuardBench.Masking();
        string signed = "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"a@b.com\",\"signature\":\"x\"}]}";

        bench.InspectAnswer(signed);
        Assert.Equal("email", bench.Answer.Reason);
        Assert.Contains("[EMAIL]", bench.InspectAnswer("{\"message\":{\"thinking\":\"a@b.com\"}}"));
    }

    [Fact]
    public void Answer_Logprobs_AreTakenOut()
    {
        using GuardBench bench = GuardBench.Masking();

        Assert.Equal(
            "{\"choices\":[{\"message\":{\"content\":\"x\"},\"logprobs\":null}]}",
            bench.InspectAnswer(
                "{\"choices\":[{\"message\":{\"content\":\"x\"},\"logprobs\":{\"content\":[{\"token\":\"x\"}]}}]}"));
    }
}
