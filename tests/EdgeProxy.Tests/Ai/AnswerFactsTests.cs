using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Ai;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class AnswerFactsTests
{
    public static TheoryData<string, bool, string> Answers() => new()
    {
        // OpenAI chat: whole, streamed, the old form.
        {
            """
            {"model":"m-1","choices":[{"message":{"content":null,"tool_calls":[{"type":"function","function":{"name":"get","arguments":"{\"name\":\"no\"}"}},{"type":"function","function":{"arguments":"{}","name":"put"}}]}}],"name":"no"}
            """,
            false, "m-1: get,put"
        },
        {
            "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"g\\u0065t\",\"arguments\":\"\"}}]}}]}\n\n"
                + "data: {\"model\":\"other\",\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{}\"}}]}}]}\n\ndata: [DONE]\n\n",
            true, "m-1: get"
        },
        { """{"model":"m","choices":[{"message":{"function_call":{"name":"old","arguments":"{}"}}}]}""", false, "m: old" },

        // Responses: whole, and each call said three times over in a stream; tools that were only offered are none.
        {
            """
            {"model":"m","tools":[{"type":"function","name":"offered"}],"tool_choice":{"type":"function","name":"offered"},"output":[{"name":"first","type":"function_call","arguments":"{}"},{"type":"message","content":[{"type":"output_text","text":"x"}]},{"type":"function_call","name":"second"}]}
            """,
            false, "m: first,second"
        },
        {
            "data: {\"type\":\"response.output_item.added\",\"item\":{\"type\":\"function_call\",\"name\":\"get\"}}\n\n"
                + "data: {\"type\":\"response.output_item.done\",\"item\":{\"name\":\"get\",\"type\":\"function_call\"}}\n\n"
                + "data: {\"type\":\"response.completed\",\"response\":{\"model\":\"m\",\"output\":[{\"type\":\"function_call\",\"name\":\"get\"}]}}\n\n",
            true, "m: get"
        },

        // Anthropic: what a tool is called with may look like a call.
        {
            """
            {"type":"message","model":"m","content":[{"type":"text","text":"a"},{"type":"tool_use","name":"get","input":{"type":"tool_use","name":"no","function":{"name":"no"},"model":"no"}},{"type":"server_tool_use","name":"web_search","input":{}}]}
            """,
            false, "m: get,web_search"
        },
        {
            "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"}}\n\n"
                + "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"name\":\"get\",\"input\":{}}}\n\n",
            true, "m: get"
        },

        // Ollama.
        { """{"model":"m","message":{"tool_calls":[{"function":{"name":"get","arguments":{"function":{"name":"no"}}}}]},"done":true}""", false, "m: get" },
        { """{"choices":[{"message":{"content":"{\"function\":{\"name\":\"no\"}}"}}],"x":{"model":"no"}}""", false, ": " },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Read_ModelAndToolsHoweverTheAnswerIsCut(string answer, bool isEvents, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        AnswerForm form = isEvents ? AnswerForm.Events : AnswerForm.Json;

        Assert.Equal(expected, Read(form, [bytes]));
        Assert.Equal(expected, Read(form, bytes.Select(static value => new[] { value })));
    }

    [Fact]
    public void Tools_MoreThanThereIsRoomFor_AreCutAtAName()
    {
        string calls = string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"type":"tool_use","name":"tool{{i}}"}"""));
        string read = Read(AnswerForm.Json, [Encoding.UTF8.GetBytes($$"""{"content":[{{calls}}]}""")]);

        Assert.EndsWith(",tool69", read);
    }

    private static string Read(AnswerForm form, IEnumerable<byte[]> pieces)
    {
        var facts = new AnswerFacts();
        var reader = default(UsageReader);
        reader.Begin(form, facts);
        foreach (byte[] piece in pieces)
        {
            reader.Take(piece);
        }

        return $"{Encoding.UTF8.GetString(facts.Model)}: {Encoding.UTF8.GetString(facts.Tools)}";
    }
}
