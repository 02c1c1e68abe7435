using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// What one more call of a model costs its loop in steady state: no allocation, whatever is done with it.
/// </summary>
public sealed class AiCostTests(ITestOutputHelper output)
{
    private const string Reversible = """
        middlewares = ["guard"]
        [middlewares.guard.ai_guard]
        prompt = [{ detect = "email", action = "mask", reversible = true }]
        answer = [{ detect = "card_number", action = "mask" }]
        tools = [{ tool = "rm", action = "block" }]
        """;

    private const string Asked = """
        middlewares = ["guard"]
        [middlewares.guard.ai_guard]
        prompt = [{ detect = "email", action = "mask" }]
        external = [{ name = "g", url = "http://127.0.0.1:GUARD", timeout = "60s", on_failure = "closed", about = ["prompt", "answer"] }]
        """;

    private const string Refusing = "{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}";

    private const string Whole = "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":["
        + "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Write to [EMAIL_1] or 4111 1111 1111 1111.\"},"
        + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}";

    private const string Lines = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Good morning\"},"
        + "\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":3}";

    [Theory]
    [InlineData("forwarded", "", false)]
    [InlineData("forwarded", "", true)]
    [InlineData("translated", "", false)]
    [InlineData("translated", "", true)]
    [InlineData("fallback by code", "", false)]
    [InlineData("guarded", Reversible, false)]
    [InlineData("guarded", Reversible, true)]
    public async Task Call_Allocates_Nothing(string what, string router, bool isStream)
    {
        const int calls = 40_000; // blocks of 8 KiB are counted: one now and then is no call's
        bool isOllama = what == "translated";
        await using RawServer refusing = Answering("400 Bad Request", "application/json", Refusing);
        await using RawServer model = isOllama
            ? Answering("200 OK", isStream ? "application/x-ndjson" : "application/json", Lines + "\n")
            : Answering("200 OK", isStream ? "text/event-stream" : "application/json", isStream ? Events() : Whole);
        int first = what == "fallback by code" ? refusing.Port : model.Port;
        await using ProxyProcess proxy = await Published.StartAsync(Config(first, model.Port, isOllama, router));
        string request = Request(isStream);
        using SteadyClients clients = await SteadyClients.ConnectAsync(proxy.Port);
        await clients.LoadAsync(4_000, request);
        double start = await Steady.AllocatedAsync(proxy, "loop");

        await clients.LoadAsync(calls, request);
        double allocated = await Steady.AllocatedAsync(proxy, "loop") - start;
        output.WriteLine($"{what}, {(isStream ? "stream" : "whole")}: {allocated:N0} bytes in {calls:N0} calls");

        Assert.Equal(Published.Budget("allocated_bytes_per_request"), (long)Math.Max(0, allocated / calls));
    }

    // A question leaves the loop: nothing is allocated there (a little if a stream is judged), and no more than so much
    // where it is asked.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task QuestionToAnExternalGuard_AllocatesWithinItsBudgets(bool isStream)
    {
        const int calls = 10_000; // of two questions: about the prompt, and about the answer
        await using RawServer model = Answering(
            "200 OK", isStream ? "text/event-stream" : "application/json", isStream ? Events() : Whole);
        await using RawServer guard = Answering("200 OK", "application/json", "{\"action\":\"allow\"}");
        await using ProxyProcess proxy = await Published.StartAsync(Config(
            model.Port, model.Port, isOllama: false, Asked.Replace("GUARD", $"{guard.Port}", StringComparison.Ordinal)));
        string request = Request(isStream);
        using SteadyClients clients = await SteadyClients.ConnectAsync(proxy.Port);
        await clients.LoadAsync(2_000, request);
        double onLoop = await Steady.AllocatedAsync(proxy, "loop");
        double inAll = await Steady.AllocatedAsync(proxy);

        await clients.LoadAsync(calls, request);
        onLoop = await Steady.AllocatedAsync(proxy, "loop") - onLoop;
        inAll = await Steady.AllocatedAsync(proxy) - inAll;
        output.WriteLine($"{onLoop:N0} bytes on the loop, {inAll / (2 * calls):N0} a question in all");

        string budget = isStream ? "allocated_bytes_per_judged_stream" : "allocated_bytes_per_request";
        Assert.InRange((long)Math.Max(0, onLoop / calls), 0, Published.Budget(budget));
        Assert.InRange(inAll / (2 * calls), 0, Published.Budget("allocated_bytes_per_guard_question"));
    }

    private static string Request(bool isStream)
    {
        string body = "{\"model\":\"best\"," + (isStream ? "\"stream\":true," : "")
            + "\"messages\":[{\"role\":\"user\",\"content\":\"I am jane@example.com, and I ask for a word\"}]}";
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}";
    }

    private static string Events()
    {
        const string Event = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"{0}\"},"
            + "\"finish_reason\":{1}}]}\n\n";
        var events = new StringBuilder();
        foreach (string part in new[] { "Write to [EM", "AIL_1] or 4111 11", "11 1111 1111", "." })
        {
            events.Append(Event.Replace("{0}", part, StringComparison.Ordinal)
                .Replace("{1}", "null", StringComparison.Ordinal));
        }

        return events.Append("data: [DONE]\n\n").ToString();
    }

    // Remembers nothing: the load would fill the server's own memory.
    private static RawServer Answering(string status, string type, string body) => RawServer.Start(async connection =>
    {
        byte[] answer = Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: {type}\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.SendAsync(answer);
        }
    });

    private static ProxyConfig Config(int first, int second, bool isOllama, string router) => new()
    {
        IsBare = true,
        More = $$"""
            [routers.llm]
            rule = "PathPrefix(`/`)"
            service = "llm"
            {{router}}

            [services.llm.ai]
            models = [
              { name = "best", provider = "a", model = "one" },
              { name = "best", provider = "b", model = "two", priority = 1 },
            ]

            [ai.providers.a]
            kind = "{{(isOllama ? "ollama" : "openai")}}"
            base_url = "http://127.0.0.1:{{first}}{{(isOllama ? "" : "/v1")}}"

            [ai.providers.b]
            kind = "openai"
            base_url = "http://127.0.0.1:{{second}}/v1"
            """,
    };
}
