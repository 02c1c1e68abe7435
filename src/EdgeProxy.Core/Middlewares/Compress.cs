using System;
using System.Text;
using System.Threading;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares;

/// <summary>A coding of answers (RFC 9110 section 8.4.1).</summary>
internal enum ContentCoding : byte
{
    Brotli,
    Gzip,
}

/// <summary>How much CPU is spent on how much less to send.</summary>
internal enum CompressionEffort : byte
{
    Fast,
    Balanced,
    Best,
}

/// <summary>Which answers are compressed, and how.</summary>
internal sealed record CompressSettings : MiddlewareSettings
{
    public const int TypesMax = 64;

    public const int BytesMinDefault = 1024;

    /// <summary>Answers compressed at once; some 300 KiB each with gzip, 1 MiB with br.</summary>
    public const int StreamsDefault = 64;

    public const int StreamsMax = 4096;

    /// <summary>The best first; the client's weights come before that.</summary>
    public required Sequence<ContentCoding> Encodings { get; init; }

    public required Sequence<MediaRange> Types { get; init; }

    /// <summary>A shorter answer is left as it is; one of unknown length is compressed.</summary>
    public int BytesMin { get; init; } = BytesMinDefault;

    public CompressionEffort Effort { get; init; } = CompressionEffort.Balanced;

    /// <summary>Over it answers pass as they are.</summary>
    public int Streams { get; init; } = StreamsDefault;
}

/// <summary>
/// <c>compress</c>: gives clients that ask for it an answer in gzip or Brotli. Nothing is guessed: without a type on
/// the list an answer passes as it came, and so does one that is coded already, a part (206), a stream of events, gRPC,
/// or one that says no-transform.
/// </summary>
internal sealed class Compress(CompressSettings settings) : Middleware
{
    private static readonly FieldName Accepted = FieldName.Of("Accept-Encoding");
    private static readonly FieldName CacheControl = FieldName.Of("Cache-Control");
    private static readonly FieldName Vary = FieldName.Of("Vary");
    private static readonly MediaRange Events = MediaRange.Parse("text/event-stream")!;
    private static readonly MediaRange Grpc = MediaRange.Parse("application/grpc*")!;

    private readonly ContentCoding[] _encodings = [.. settings.Encodings];
    private readonly MediaRange[] _types = [.. settings.Types];
    private int _streams;

    // Decided now: when the answer comes, the request's head may have made room for its body.
    public override Verdict OnRequest(Exchange exchange)
    {
        if (exchange.Request.MinorVersion > 0 && Choose(exchange) is { } coding)
        {
            exchange.Notes.Add(this, (ulong)coding);
        }

        return Verdict.Next;
    }

    public override void OnResponse(Exchange exchange)
    {
        bool isWanted = exchange.Notes.TryTake(this, out ulong coding);
        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        if (head.IsEmpty || exchange.LocalAnswer is not null || exchange.Call is not null
            || exchange.AnswerFilter is not null || !MayCode(exchange, head))
        {
            return;
        }

        // The answer depends on what this client takes, coded or not (RFC 9110 section 12.5.5).
        if (!Lists(exchange.Response, head, Vary, "accept-encoding"u8)
            && !Lists(exchange.Response, head, Vary, "*"u8))
        {
            exchange.ResponseEdits.Append(Vary, Accepted.Written);
        }

        bool isShort = exchange.Response.Framing == BodyFraming.ContentLength
            && exchange.Response.ContentLength < settings.BytesMin;
        if (!isWanted || isShort || exchange.Response.Framing == BodyFraming.None)
        {
            return;
        }

        if (Interlocked.Increment(ref _streams) > settings.Streams)
        {
            Interlocked.Decrement(ref _streams);
            exchange.Shard.Counters.Add(Counter.AnswersNotCompressed);
            return;
        }

        exchange.Shard.Counters.Add(Counter.AnswersCompressed);
        exchange.Filter(new CompressedAnswer((ContentCoding)coding, settings.Effort, this));
    }

    /// <summary>A compressed answer is over.</summary>
    public void Leave() => Interlocked.Decrement(ref _streams);

    // A HEAD is told what its GET would be, as far as that is known without a body: nothing.
    private bool MayCode(Exchange exchange, ReadOnlySpan<byte> head)
    {
        ResponseHead response = exchange.Response;
        if (response.StatusCode is < 200 or 204 or 206 or 304
            || response.Has(KnownHeader.ContentEncoding)
            || !response.TryFind("content-type"u8, head, out ReadOnlySpan<byte> type)
            || Events.Has(type) || Grpc.Has(type)
            || Lists(response, head, CacheControl, "no-transform"u8))
        {
            return false;
        }

        foreach (MediaRange range in _types)
        {
            if (range.Has(type))
            {
                return true;
            }
        }

        return false;
    }

    // The client's weights first; of those it likes alike, the first of the list.
    private ContentCoding? Choose(Exchange exchange)
    {
        ContentCoding? best = null;
        int bestWeight = Math.Max(0, WeightOf(exchange, "identity"u8, isNamedOnly: true) - 1);
        foreach (ContentCoding coding in _encodings)
        {
            int weight = WeightOf(exchange, ContentCoder.NameOf(coding));
            if (weight > bestWeight)
            {
                best = coding;
                bestWeight = weight;
            }
        }

        return best;
    }

    private static int WeightOf(Exchange exchange, ReadOnlySpan<byte> coding, bool isNamedOnly = false)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        int named = -1;
        int any = -1;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (Accepted.Is(field.Name.Of(head)))
            {
                AcceptEncoding.Read(field.Value.Of(head), coding, ref named, ref any);
            }
        }

        return named >= 0 || isNamedOnly ? named : any;
    }

    private static bool Lists(
        ResponseHead response, ReadOnlySpan<byte> head, FieldName name, ReadOnlySpan<byte> token)
    {
        foreach (ref readonly HeaderField field in response.Fields)
        {
            if (name.Is(field.Name.Of(head)) && Names(field.Value.Of(head), token))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Names(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        while (!list.IsEmpty)
        {
            int end = list.IndexOf((byte)',');
            ReadOnlySpan<byte> element = end < 0 ? list : list[..end];
            list = end < 0 ? default : list[(end + 1)..];
            int parameters = element.IndexOf((byte)';');
            element = parameters < 0 ? element : element[..parameters];
            if (Ascii.EqualsIgnoreCase(element.Trim(" \t"u8), token))
            {
                return true;
            }
        }

        return false;
    }
}
