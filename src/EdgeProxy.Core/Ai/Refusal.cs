using System;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// One target's refusal, kept while others are asked: if none of them does better it is what the caller gets. Belongs
/// to its call, reused after <see cref="End"/>.
/// </summary>
internal sealed class Refusal
{
    /// <summary>More of an error's text is not kept; then the caller gets the status in the proxy's words.</summary>
    public const int BytesMax = 16 * 1024;

    private const int FieldBytesMax = 40;
    private const string Json = "application/json";

    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");
    private static readonly FieldName RetryAfterMs = FieldName.Of("retry-after-ms");

    private readonly HeldBody _body = new();
    private readonly byte[] _retryAfter = new byte[FieldBytesMax];
    private readonly byte[] _retryAfterMs = new byte[FieldBytesMax];
    private int _retryAfterLength;
    private int _retryAfterMsLength;
    private bool _isWhole;
    private bool _isTranslated;

    /// <summary>0 if there is none.</summary>
    public int Status { get; private set; }

    /// <summary>Known once it was read.</summary>
    public RefusalCause Cause { get; private set; }

    /// <summary>It is being read.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Since when, in the loop's milliseconds.</summary>
    public long SinceMs { get; private set; }

    /// <summary>It was read, as far as it is, and another target may do better.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>
    /// It is about the proxy's own standing with the provider: it tells a caller nothing they could change.
    /// </summary>
    public bool IsOfProxy => IsOfProxyBy(Status) || Cause is RefusalCause.Account or RefusalCause.Elsewhere;

    public static bool IsOfProxyBy(int status) => status is 401 or 402 or 403 or 404;

    /// <summary>An answer with an error begins.</summary>
    /// <param name="output">Memory comes from where it has it.</param>
    public void Begin(Exchange exchange, HeldBody output, bool isTranslated)
    {
        End();
        _body.BindAs(output);
        Status = exchange.Response.StatusCode;
        Cause = Refusals.OfStatus(Status);
        IsOpen = true;
        SinceMs = exchange.Shard.Loop.NowMs;
        _isWhole = true;
        _isTranslated = isTranslated;
        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        _retryAfterLength = Keep(exchange.Response, RetryAfter, head, _retryAfter);
        _retryAfterMsLength = Keep(exchange.Response, RetryAfterMs, head, _retryAfterMs);
    }

    public void Take(ReadOnlySpan<byte> payload)
    {
        if (_isWhole && (payload.Length > BytesMax - _body.Length || !_body.TryAppend(payload)))
        {
            _isWhole = false;
            _body.Release();
            IsGivenUp = Cause != RefusalCause.Request; // by its status: what else it says nobody waits for
        }
    }

    /// <summary>Its end does not come: what it says beside its status nobody waits for.</summary>
    public void CutShort()
    {
        IsOpen = false;
        IsGivenUp = true;
        _isWhole = false;
        _body.Release();
    }

    /// <summary>It came to its end.</summary>
    public void TakeEnd(JsonIndex index)
    {
        IsOpen = false;
        if (_isWhole && index.Read(_body.Bytes) == JsonFault.None)
        {
            Cause = Refusals.Of(Status, index, _body.Bytes);
        }

        index.Reset();
        IsGivenUp = Cause != RefusalCause.Request;
    }

    /// <summary>As the caller gets it. Sets what goes with it into the exchange's ResponseEdits.</summary>
    /// <param name="isTold">With its words; else with its status alone, for no guard has seen them.</param>
    public LocalAnswer Answer(Exchange exchange, Dialect dialect, JsonIndex index, bool isTold)
    {
        Set(exchange.ResponseEdits, RetryAfter, _retryAfter.AsSpan(0, _retryAfterLength));
        Set(exchange.ResponseEdits, RetryAfterMs, _retryAfterMs.AsSpan(0, _retryAfterMsLength));
        bool isJson = isTold && _isWhole && _body.Length > 0 && index.Read(_body.Bytes) == JsonFault.None;
        LocalAnswer answer = isJson && !_isTranslated
            ? new LocalAnswer(Status, Json, _body.Bytes.ToArray())
            : Translated(dialect, isJson ? AnswerReader.ErrorOf(index) : default);
        index.Reset();
        return answer;
    }

    public void End()
    {
        _body.Release();
        Status = 0;
        Cause = RefusalCause.Request;
        IsOpen = false;
        IsGivenUp = false;
        _isWhole = false;
    }

    private LocalAnswer Translated(Dialect dialect, Place message)
    {
        int status = AnswerErrors.StatusFor(dialect, Status);
        var written = new HeldBody();
        written.BindAs(_body);
        var text = new TranslatedText();
        text.Begin(written);
        AnswerErrors.Write(text, dialect, status,
            message.IsThere ? _body.Bytes[message.Start..message.End] : AnswerErrors.Unsaid);
        byte[] bytes = written.Bytes.ToArray();
        written.Release();
        return new LocalAnswer(status, Json, bytes);
    }

    private static int Keep(ResponseHead response, FieldName name, ReadOnlySpan<byte> head, Span<byte> room)
    {
        if (!response.TryFind(name.Written, head, out ReadOnlySpan<byte> value) || value.Length > room.Length)
        {
            return 0;
        }

        value.CopyTo(room);
        return value.Length;
    }

    private static void Set(HeaderEdits edits, FieldName name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            edits.Set(name, value);
        }
    }
}
