using System;
using System.Buffers;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Asks external guards, all at once: POST with a body as it would go on, masks in it, and a field that says what it
/// is. The reply is 200 with {"action":"allow"} or {"action":"block"}; anything else, and none in time, is a failure.
/// Any thread.
/// </summary>
internal sealed class ExternalGuards(Sequence<ExternalGuard> guards, Func<TimeSpan, HttpMessageInvoker> connect)
{
    private readonly Lazy<HttpMessageInvoker> _http = new(() => connect(ExternalGuard.TimeoutDefault));
    private int _asked;

    private const string AboutField = "X-EdgeProxy-About";

    /// <summary>One is asked about prompts.</summary>
    public bool AskPrompts { get; } = Has(guards, guard => guard.AsksPrompts);

    /// <summary>One is asked about answers.</summary>
    public bool AskAnswers { get; } = Has(guards, guard => guard.AsksAnswers);

    /// <summary>One may stop an answer.</summary>
    public bool StopAnswers { get; } = Has(guards, guard => guard.AsksAnswers && !guard.ReportOnly);

    public ExternalGuard this[int place] => guards[place];

    /// <summary>Their replies, in the order of the configuration.</summary>
    public async Task<ExternalReply[]> AskAsync(byte[] body, ExternalAbout about)
    {
        var replies = new Task<ExternalReply>[guards.Count];
        for (int i = 0; i < replies.Length; i++)
        {
            bool isAsked = about == ExternalAbout.Prompt ? guards[i].AsksPrompts : guards[i].AsksAnswers;
            replies[i] = isAsked ? AskAsync(guards[i], body, about) : Task.FromResult(ExternalReply.NotAsked);
        }

        return await Task.WhenAll(replies).ConfigureAwait(false);
    }

    private static bool Has(Sequence<ExternalGuard> guards, Predicate<ExternalGuard> what)
    {
        bool hasOne = false;
        foreach (ExternalGuard guard in guards)
        {
            hasOne |= what(guard);
        }

        return hasOne;
    }

    private async Task<ExternalReply> AskAsync(ExternalGuard guard, byte[] body, ExternalAbout about)
    {
        if (Interlocked.Increment(ref _asked) > ExternalGuard.AskedMax)
        {
            Interlocked.Decrement(ref _asked);
            return ExternalReply.Failed;
        }

        using var deadline = new CancellationTokenSource(guard.Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, guard.Url)
            {
                Content = new ByteArrayContent(body),
            };
            request.Headers.Add(AboutField, about switch
            {
                ExternalAbout.Prompt => "prompt",
                ExternalAbout.Answer => "answer",
                _ => "answer-part",
            });
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response =
                await _http.Value.SendAsync(request, deadline.Token).ConfigureAwait(false);
            return (int)response.StatusCode == 200
                ? await ReadAsync(response, deadline.Token).ConfigureAwait(false)
                : ExternalReply.Failed;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return ExternalReply.Failed;
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }

    private static async Task<ExternalReply> ReadAsync(HttpResponseMessage response, CancellationToken deadline)
    {
        using Stream stream = await response.Content.ReadAsStreamAsync(deadline).ConfigureAwait(false);
        byte[] reply = ArrayPool<byte>.Shared.Rent(ExternalGuard.ReplyBytesMax + 1);
        try
        {
            int length = await stream.ReadAtLeastAsync(reply, reply.Length, throwOnEndOfStream: false, deadline)
                .ConfigureAwait(false);
            return length > ExternalGuard.ReplyBytesMax ? ExternalReply.Failed : Read(reply.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reply);
        }
    }

    private static ExternalReply Read(ReadOnlyMemory<byte> reply)
    {
        using JsonDocument document = JsonDocument.Parse(reply);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("action"u8, out JsonElement action)
            && action.ValueKind == JsonValueKind.String
                ? action.ValueEquals("allow"u8) ? ExternalReply.Allow
                : action.ValueEquals("block"u8) ? ExternalReply.Block
                : ExternalReply.Failed
            : ExternalReply.Failed;
    }
}
