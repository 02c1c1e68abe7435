using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>How a <see cref="ModelServer"/> misbehaves.</summary>
internal enum ModelTemper
{
    Good,

    /// <summary>Says nothing before <see cref="ModelServer.Gate"/> opens.</summary>
    Slow,

    /// <summary>Ends the connection in the middle of its answer.</summary>
    Cut,

    /// <summary>Says after its first piece that it failed, with a status of 200.</summary>
    ErrorWithin,

    /// <summary>The same, before the first word.</summary>
    EarlyError,

    /// <summary>Does not tell its tokens.</summary>
    NoUsage,

    /// <summary>Sends each byte by itself.</summary>
    OneByte,

    /// <summary>503 in its dialect.</summary>
    Overloaded,

    /// <summary>As <see cref="ModelServer.Refusal"/> says.</summary>
    Refusing,

    /// <summary>Sends the first piece, then waits for <see cref="ModelServer.Gate"/>, or its caller's end.</summary>
    Stalled,
}

/// <summary>
/// A server of a model that speaks OpenAI's, Anthropic's and Ollama's API, streaming and not, and misbehaves when it is
/// told to. It answers with the words of <see cref="Words"/>, or with a tool call if the request has tools.
/// </summary>
internal sealed class ModelServer : IAsyncDisposable
{
    public static readonly string[] Words = ["Good ", "morning", ", caf\u00e9!"];

    private ModelServer() => Server = RawServer.Start(ServeAsync);

    public RawServer Server { get; }

    public int Port => Server.Port;

    public ModelTemper Temper { get; set; }

    /// <summary>Status line, body and fields with which it refuses.</summary>
    public (string Status, string Body, string Fields) Refusal { get; set; }

    /// <summary>Waited for where the temper says so.</summary>
    public Gate Gate { get; set; } = new();

    /// <summary>Tokens it says it read and wrote.</summary>
    public int InputTokens { get; set; } = 7;

    public int OutputTokens { get; set; } = 3;

    public IReadOnlyList<RawRequest> Requests => Server.WholeRequests;

    public RawRequest Last => Server.WholeRequests[^1];

    public static ModelServer Start() => new();

    public static JsonNode BodyOf(RawRequest request) => JsonNode.Parse(request.Body)!;

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task ServeAsync(RawConnection connection)
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            JsonNode? body = request.Body.Length > 0 ? JsonNode.Parse(request.Body) : null;
            if (Temper == ModelTemper.Slow)
            {
                await Gate.PassAsync("the model to think");
            }

            string path = request.Target.Split('?')[0];
            if (Temper == ModelTemper.Overloaded)
            {
                await AnswerAsync(connection, "503 Service Unavailable", ErrorOf(path), "Retry-After: 300\r\n");
                continue;
            }

            if (Temper == ModelTemper.Refusing)
            {
                await AnswerAsync(connection, Refusal.Status, Refusal.Body, Refusal.Fields);
                continue;
            }

            bool isOllama = path.Contains("/api/", StringComparison.Ordinal);
            if (body?["stream"]?.GetValue<bool>() ?? (isOllama && !path.EndsWith("embed", StringComparison.Ordinal)))
            {
                string type = isOllama ? "application/x-ndjson" : "text/event-stream; charset=utf-8";
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n");
                if (!await StreamAsync(connection, path, body!))
                {
                    return;
                }
            }
            else
            {
                string whole = ModelAnswers.Whole(path, body, this);
                if (Temper == ModelTemper.Cut)
                {
                    await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{whole[..10]}");
                    return;
                }

                await AnswerAsync(connection, "200 OK", whole);
            }
        }
    }

    private async Task AnswerAsync(RawConnection connection, string status, string body, string fields = "")
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        string type = fields.Contains("Content-Type", StringComparison.Ordinal) ? "" : "Content-Type: application/json\r\n";
        await SendAsync(connection, Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status}\r\n{type}{fields}Set-Cookie: a=b\r\nContent-Length: {bytes.Length}\r\n\r\n{body}"));
    }

    private async Task<bool> StreamAsync(RawConnection connection, string path, JsonNode body)
    {
        List<string> pieces = ModelAnswers.Stream(path, body, this);
        for (int i = 0; i < pieces.Count; i++)
        {
            if (i == 2 && Temper == ModelTemper.Cut)
            {
                return false;
            }

            if ((i == 2 && Temper == ModelTemper.ErrorWithin) || (i == 1 && Temper == ModelTemper.EarlyError))
            {
                await ChunkAsync(connection, ModelAnswers.ErrorEvent(path));
                break;
            }

            if (i == 2 && Temper == ModelTemper.Stalled && !await GoesOnAsync(connection))
            {
                return false;
            }

            await ChunkAsync(connection, pieces[i]);
        }

        await SendAsync(connection, "0\r\n\r\n"u8.ToArray());
        return true;
    }

    // False if nobody is there any more, which a model that waits for its next word notices, too.
    private async Task<bool> GoesOnAsync(RawConnection connection)
    {
        Task opened = Gate.PassAsync("the model to go on");
        Task first = await Task.WhenAny(opened, connection.Wire.ReadableAsync());
        await first;
        return first == opened;
    }

    private Task ChunkAsync(RawConnection connection, string piece)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        return SendAsync(connection, [.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8]);
    }

    private Task SendAsync(RawConnection connection, byte[] bytes) => Temper == ModelTemper.OneByte
        ? connection.Wire.SendSplitAsync(bytes, 1)
        : connection.SendAsync(bytes);

    private static string ErrorOf(string path) =>
        path.Contains("/messages", StringComparison.Ordinal)
            ? """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"""
            : path.Contains("/api/", StringComparison.Ordinal)
                ? """{"error":"overloaded"}"""
                : """{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}""";
}
