using System;
using System.Collections.Generic;
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

/// <summary>Every cell of the tables of answers and errors in src/TRANSLATION.md.</summary>
public sealed class AnswerCellTests : IDisposable
{
    private readonly BlockPool _blocks = new();
    private readonly HeldBody _output = new();
    private readonly AnswerTranslation _translation =
        new(new AiLoop(new BodyBudget(), new PlanBook(TimeProvider.System, Assert.Fail)));

    public AnswerCellTests() => _output.Bind(_blocks, budget: null);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Member_OfAnAnswer_ArrivesOrIsLeftOut(bool isStream)
    {
        int cells = 0;
        foreach ((AiCallKind provider, AiCallKind caller) in TranslationTable.AnswerPairs)
        {
            foreach (AnswerMember member in AnswerMembers.Of(provider).All.ToArray())
            {
                string what = $"{provider} to {caller}, {member}";
                AnswerCases.Case? found = AnswerCases.Find(provider, member);
                Assert.True(found is not null, what + " has no case");
                AnswerCases.Case with = found.Value;
                string answer = isStream
                    ? AnswerCases.StreamOf(provider, with)
                    : AnswerCases.WholeOf(provider, with);
                Assert.Contains(with.Sign, answer, StringComparison.Ordinal);

                string written = Translate(
                    isStream ? TranslatedForm.Stream : TranslatedForm.Whole, provider, caller, answer);

                Assert.False(_translation.IsUnreadable || written.Contains("\"error\"", StringComparison.Ordinal), what);
                bool isLost = AnswerMembers.CellOf(member, caller) is null || member.Part == AnswerPart.Time;
                if (isLost)
                {
                    Assert.False(written.Contains(with.Sign, StringComparison.Ordinal), $"{what}:\n{written}");
                }
                else
                {
                    AssertThere(member, with, caller, isStream, written, what);
                }

                cells++;
            }
        }

        Assert.True(cells > 100, $"{cells} cells");
    }

    // The words of the documentation of each, not those of the code.
    public static TheoryData<int, int, string, int, string> Errors => new()
    {
        { 400, 400, "invalid_request_error", 400, "invalid_request_error" },
        { 401, 401, "authentication_error", 401, "authentication_error" },
        { 402, 402, "invalid_request_error", 402, "billing_error" },
        { 403, 403, "permission_error", 403, "permission_error" },
        { 404, 404, "invalid_request_error", 404, "not_found_error" },
        { 408, 408, "invalid_request_error", 408, "invalid_request_error" },
        { 409, 409, "invalid_request_error", 409, "invalid_request_error" },
        { 413, 413, "invalid_request_error", 413, "request_too_large" },
        { 422, 422, "invalid_request_error", 422, "invalid_request_error" },
        { 429, 429, "rate_limit_error", 429, "rate_limit_error" },
        { 500, 500, "server_error", 500, "api_error" },
        { 502, 502, "server_error", 502, "api_error" },
        { 503, 503, "server_error", 503, "overloaded_error" },
        { 504, 504, "server_error", 504, "timeout_error" },
        { 529, 503, "server_error", 529, "overloaded_error" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Error_OfAProvider_HasTheCallersStatusAndType(
        int status, int chatStatus, string chatType, int messagesStatus, string messagesType)
    {
        foreach ((AiCallKind provider, AiCallKind caller) in TranslationTable.AnswerPairs)
        {
            Dialect dialect = AiApi.DialectOf(caller, caller == AiCallKind.OllamaChat ? "/api/chat"u8 : "/v1/"u8);
            string error = provider == AiCallKind.Messages
                ? "{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"no\"},\"request_id\":\"r\"}"
                : "{\"error\":{\"message\":\"no\",\"type\":\"x\",\"param\":\"p\",\"code\":\"c\"}}";
            int told = AnswerErrors.StatusFor(dialect, status);

            string written = Translate(TranslatedForm.Error, provider, caller, error, told);

            Assert.Equal(caller == AiCallKind.Messages ? messagesStatus : chatStatus, told);
            Assert.Equal(ErrorOf(caller, caller == AiCallKind.Messages ? messagesType : chatType), written);
        }
    }

    [Fact]
    public void Errors_ThatArePublished_HaveACaseEach() =>
        Assert.Equal(TranslationTable.Statuses, Errors.Select(row => row.Data.Item1));

    // The types each may say within a stream, and what the other makes of them.
    public static TheoryData<string, string, string> StreamErrors => new()
    {
        { "\"type\":\"invalid_request_error\"", "invalid_request_error", "invalid_request_error" },
        { "\"type\":\"authentication_error\"", "authentication_error", "authentication_error" },
        { "\"type\":\"billing_error\"", "invalid_request_error", "billing_error" },
        { "\"type\":\"permission_error\"", "permission_error", "permission_error" },
        { "\"type\":\"not_found_error\"", "invalid_request_error", "not_found_error" },
        { "\"type\":\"request_too_large\"", "invalid_request_error", "request_too_large" },
        { "\"type\":\"rate_limit_error\"", "rate_limit_error", "rate_limit_error" },
        { "\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"", "rate_limit_error", "rate_limit_error" },
        { "\"type\":\"insufficient_quota\"", "rate_limit_error", "rate_limit_error" },
        { "\"type\":\"api_error\"", "server_error", "api_error" },
        { "\"type\":\"server_error\"", "server_error", "api_error" },
        { "\"type\":\"overloaded_error\"", "server_error", "overloaded_error" },
        { "\"type\":\"timeout_error\"", "server_error", "timeout_error" },
        { "\"code\":429", "rate_limit_error", "rate_limit_error" },
        { "\"code\":200", "server_error", "api_error" },
        { "\"type\":\"new\"", "server_error", "api_error" },
        { "\"param\":null", "server_error", "api_error" },
    };

    [Theory]
    [MemberData(nameof(StreamErrors))]
    public void Error_WithinAStream_HasTheCallersType(string said, string chatType, string messagesType)
    {
        foreach ((AiCallKind provider, AiCallKind caller) in TranslationTable.AnswerPairs)
        {
            string stream = AnswerCases.StreamOf(provider, new AnswerCases.Case("", -1, "", ""));
            string start = stream[..(stream.IndexOf("\n\n", StringComparison.Ordinal) + 2)];

            string written = Translate(TranslatedForm.Stream, provider, caller,
                start + $"data: {{\"type\":\"error\",\"error\":{{{said},\"message\":\"no\"}}}}\n\n");

            string last = written.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.Equal(ErrorOf(caller, caller == AiCallKind.Messages ? messagesType : chatType),
                last.StartsWith("data: ", StringComparison.Ordinal) ? last[6..] : last);
        }
    }

    [Fact]
    public void StreamErrors_ThatAreKnown_HaveACaseEach()
    {
        foreach ((string type, int _) in AnswerErrors.Known.ToArray())
        {
            Assert.Contains(StreamErrors, row => row.Data.Item1.Contains($"\"{type}\"", StringComparison.Ordinal));
        }
    }

    // Some servers number every call of a stream 0.
    [Theory]
    [InlineData((byte)AiCallKind.Messages, "\"content_block\":{\"type\":\"tool_use\"", 2)]
    [InlineData((byte)AiCallKind.OllamaChat, "\"tool_calls\"", 2)]
    public void Calls_OfOneNumber_AreApartByTheirIds(byte caller, string call, int count)
    {
        string calls = string.Concat(new[] { "a", "b" }.Select(id =>
            $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"{id}\",\"function\":"
            + "{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n"));

        string written = Translate(TranslatedForm.Stream, AiCallKind.ChatCompletions, (AiCallKind)caller,
            calls + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n");

        Assert.Equal(count, written.Split(call).Length - 1);
        Assert.DoesNotContain("\"error\"", written, StringComparison.Ordinal);
    }

    // Azure's first event says what it thinks of the prompt, and nothing else.
    [Fact]
    public void Stream_WithAnEventBeforeItsFirst_HasItsName()
    {
        string stream = AnswerCases.StreamOf(AiCallKind.ChatCompletions, new AnswerCases.Case("", -1, "", ""));

        string written = Translate(TranslatedForm.Stream, AiCallKind.ChatCompletions, AiCallKind.Messages,
            "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n" + stream);

        Assert.Contains("\"message\":{\"id\":\"i\",", written, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _translation.Release();
        _output.Release();
        Assert.Equal(0, _blocks.RentedCount);
        _blocks.Dispose();
    }

    private static void AssertThere(
        AnswerMember member, AnswerCases.Case with, AiCallKind caller, bool isStream, string written, string what)
    {
        (string whole, string streamed) = AnswerCases.PlaceOf(member.Part, caller);
        string sign = member.Word.Length > 0 ? AnswerMembers.Of(caller).Find(member.Part)!.Value.Word : with.Sign;
        IEnumerable<JsonNode> found = !isStream
            ? AnswerCases.At(JsonNode.Parse(written)!, whole)
            : written.Split('\n')
                .Select(line => line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : line)
                .Where(line => line.StartsWith('{'))
                .SelectMany(line => AnswerCases.At(JsonNode.Parse(line)!, streamed));
        Assert.True(found.Any(node => node.ToJsonString().Contains(sign, StringComparison.Ordinal)),
            $"{what}: no {sign} at {(isStream ? streamed : whole)}:\n{written}");
    }

    private static string ErrorOf(AiCallKind caller, string type) => caller switch
    {
        AiCallKind.Messages => $"{{\"type\":\"error\",\"error\":{{\"type\":\"{type}\",\"message\":\"no\"}}}}",
        AiCallKind.OllamaChat => "{\"error\":\"no\"}",
        _ => $"{{\"error\":{{\"message\":\"no\",\"type\":\"{type}\",\"param\":null,\"code\":null}}}}",
    };

    private string Translate(
        TranslatedForm form, AiCallKind from, AiCallKind to, string answer, int status = 200)
    {
        _output.Clear();
        _translation.Begin(form, from, to, _output, unixMs: 1000);
        _translation.Status = status;
        _translation.Take(Encoding.UTF8.GetBytes(answer), _output);
        _translation.TakeEnd(_output);
        return Encoding.UTF8.GetString(_output.Bytes);
    }
}
