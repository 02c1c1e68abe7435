using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>
/// What the clients most people use send, byte for byte (tests/corpus/clients), to providers of every kind that behave
/// and misbehave. RealClientTests have the clients themselves.
/// </summary>
public sealed class RecordedClientTests
{
    private static readonly string[] KeptHere = ["client-secret", "sec-fetch-mode", "accept-language", "Accept-Encoding"];

    /// <summary>A request of the corpus.</summary>
    private sealed record Recording(string Name, string Bytes, string Method, string Path, string Body)
    {
        public bool IsStream => Body.Contains("\"stream\":true", StringComparison.Ordinal);

        public bool HasTools => Body.Contains("\"tools\":", StringComparison.Ordinal);

        // The proxy asks for usage where the client does not.
        public bool AsksUsage => Body.Contains("\"stream_options\":", StringComparison.Ordinal);

        /// <summary>Its body as a provider gets it that speaks its dialect.</summary>
        public string Sent => Body.Replace("\"model\":\"fast\"", "\"model\":\"real-model\"", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("openai_compatible")]
    [InlineData("anthropic")]
    [InlineData("ollama")]
    public async Task Request_OfAClient_IsAnsweredInItsDialectByAnyProvider(string kind)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        List<Recording> recordings = [.. Recordings()];
        Assert.True(recordings.Count >= 29, $"{recordings.Count} recordings");
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte, ModelTemper.NoUsage })
        {
            server.Temper = temper;
            foreach (Recording recording in recordings)
            {
                int before = server.Requests.Count;

                RawResponse answer = await RawClient.OnceAsync(proxy.Port, recording.Bytes, recording.Method);

                string what = $"{recording.Name}, {kind}, {temper}: {answer.Status} {answer.BodyText}";
                string? at = AskedAt(recording.Path, kind);
                Assert.True(answer.Status == (at is null ? 400 : 200) && answer.IsWhole, what);
                Assert.True(server.Requests.Count == before + (at is null or "" ? 0 : 1), what);
                if (at is { Length: > 0 })
                {
                    Assert.Equal(at, server.Last.Target);
                    Assert.DoesNotContain(KeptHere, field =>
                        server.Last.Head.Text.Contains(field, StringComparison.OrdinalIgnoreCase));
                    AssertAnswered(recording, answer, server, at == recording.Path, what);
                }
                else
                {
                    Assert.Contains(at is null ? "error" : "fast", answer.BodyText, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("ollama")]
    public async Task Stream_OfAClient_ThatFails_SaysSoOrIsCut(string kind)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        foreach (ModelTemper temper in new[] { ModelTemper.ErrorWithin, ModelTemper.Cut })
        {
            server.Temper = temper;
            foreach (Recording recording in Recordings())
            {
                string? at = AskedAt(recording.Path, kind);
                if (!recording.IsStream || at is null)
                {
                    continue;
                }

                RawResponse answer = await RawClient.OnceAsync(proxy.Port, recording.Bytes, recording.Method);

                string what = $"{recording.Name}, {kind}, {temper}: {answer.BodyText}";
                bool isTold = answer.BodyText.Contains("\"error\":", StringComparison.Ordinal);
                Assert.Equal(200, answer.Status);
                Assert.True(temper == ModelTemper.Cut ? !answer.IsWhole : isTold, what);
            }
        }
    }

    // "" if the proxy answers itself; null if no provider of that kind does.
    private static string? AskedAt(string path, string kind) => path switch
    {
        "/v1/models" or "/v1/models/fast" or "/api/tags" => "",
        AiAnswers.Chat => kind == "anthropic" ? AiAnswers.Messages : path,
        "/v1/responses" or "/v1/embeddings" => kind == "anthropic" ? null : path,
        AiAnswers.Messages => kind.StartsWith("openai", StringComparison.Ordinal) ? AiAnswers.Chat : path,
        "/v1/messages/count_tokens" => kind == "anthropic" ? path : null,
        AiAnswers.Ollama => kind == "ollama" ? path
            : kind == "anthropic" ? AiAnswers.Messages
            : AiAnswers.Chat,
        _ => kind == "ollama" ? path : null,
    };

    private static void AssertAnswered(
        Recording recording, RawResponse answer, ModelServer server, bool isSpoken, string what)
    {
        if (isSpoken)
        {
            string sent = Encoding.UTF8.GetString(server.Last.Body);
            JsonNode asked = JsonNode.Parse(recording.Sent)!;
            Assert.Equal(recording.Sent, recording.AsksUsage
                ? sent
                : sent.Replace("\"stream_options\":{\"include_usage\":true},", "", StringComparison.Ordinal));
            Assert.Equal(
                recording.IsStream
                    ? string.Concat(ModelAnswers.Stream(recording.Path, asked, server))
                    : ModelAnswers.Whole(recording.Path, asked, server),
                Encoding.UTF8.GetString(answer.Body));
        }
        else if (recording.IsStream)
        {
            Assert.True(recording.HasTools
                ? AiAnswers.StreamedToolOf(recording.Path, answer) == ("weather", "Zagreb")
                : AiAnswers.StreamOf(recording.Path, answer) == (AiAnswers.Said, "stop"), what);
        }
        else
        {
            JsonNode json = AiProxy.Json(answer);
            Assert.True(recording.HasTools
                ? AiAnswers.ToolOf(recording.Path, json) == ("weather", "Zagreb")
                : AiAnswers.TextOf(recording.Path, json) == AiAnswers.Said, what);
        }
    }

    private static IEnumerable<Recording> Recordings()
    {
        string folder = Path.Combine(
            ProxyBinary.RepositoryRoot ?? throw new DirectoryNotFoundException("the tree these tests were built from"),
            "tests", "corpus", "clients");
        foreach (string file in Directory.GetFiles(folder, "*.raw").Order(StringComparer.Ordinal))
        {
            byte[] bytes = File.ReadAllBytes(file);
            string text = Encoding.Latin1.GetString(bytes);
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            string[] start = text[..text.IndexOf('\r', StringComparison.Ordinal)].Split(' ');
            string body = Encoding.UTF8.GetString(bytes[end..]);
            yield return new Recording(Path.GetFileNameWithoutExtension(file), text, start[0], start[1], body);
        }
    }
}
