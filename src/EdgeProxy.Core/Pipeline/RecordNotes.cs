using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What will be told of an exchange, kept while it lasts: its tries, and the texts of its head, which may be gone by
/// the end. One per exchange, reset and reused.
/// </summary>
internal sealed class RecordNotes
{
    // Kept from one exchange to the next; what an odd request needed beyond it is let go.
    private const int KeptBytesMax = 4 * 1024;

    private byte[] _texts = [];
    private TextLengths _lengths;
    private TryRecords _tries;

    /// <summary>What it may be recorded for, once it ended.</summary>
    public RecordUse MayBe { get; private set; }

    public long StartedUs { get; private set; }

    /// <summary>A model for when the link is down answered.</summary>
    public bool IsOffline { get; set; }

    /// <summary>It counts among those that are active.</summary>
    public bool IsActive { get; private set; }

    public ReadOnlySpan<byte> Texts => _texts.AsSpan(0, _lengths.Sum);

    public ref readonly TryRecords Tries => ref _tries;

    /// <summary>A head was read, its route is known or there is none.</summary>
    public void Begin(Exchange exchange)
    {
        Shard shard = exchange.Shard;
        StartedUs = shard.Loop.Clock.NowUs;
        IsActive = true;
        shard.ActiveByMethod[(int)exchange.Request.Method]++;
        Reroute(exchange);
    }

    /// <summary>The route is known, or is another now.</summary>
    public void Reroute(Exchange exchange)
    {
        Shard shard = exchange.Shard;
        TelemetrySettings settings = exchange.Snapshot.Telemetry;
        bool isLogged = settings.AccessLog is not null && exchange.Route?.IsLogged != false;
        bool isTraced = exchange.Trace.IsTraced
            && (exchange.Trace.Here.IsSampled || settings.Traces is { Errors: true } or { SlowMs: > 0 });
        MayBe = (isLogged ? RecordUse.Log : RecordUse.None)
            | (isTraced ? RecordUse.Trace : RecordUse.None)
            | (shard.IsTailed ? RecordUse.Tail : RecordUse.None);
        if (shard.Records is null)
        {
            MayBe = RecordUse.None;
        }
        else if (MayBe != RecordUse.None)
        {
            CopyTexts(exchange, settings.AccessLog);
        }
    }

    public void End(Exchange exchange)
    {
        if (IsActive)
        {
            IsActive = false;
            exchange.Shard.ActiveByMethod[(int)exchange.Request.Method]--;
        }
    }

    /// <summary>What a guard found in what was asked and answered; once, before the exchange is recorded.</summary>
    public void NoteFindings(ReadOnlySpan<byte> findings)
    {
        if (MayBe != RecordUse.None && !findings.IsEmpty)
        {
            Append(findings);
            _lengths.Findings = (ushort)findings.Length;
        }
    }

    /// <summary>Of a call of a model (<see cref="ModelFactWriter"/>); once, after what a guard found.</summary>
    public void NoteModel(ReadOnlySpan<byte> facts)
    {
        if ((MayBe & RecordUse.Trace) != 0)
        {
            Append(facts);
            _lengths.Model = (ushort)facts.Length;
        }
    }

    /// <summary>Fills in the lengths of what <see cref="Begin"/> copied, and the tries.</summary>
    public void CopyTo(ref RequestRecord record)
    {
        record.Texts = _lengths;
        record.Tries = _tries;
    }

    public void Reset()
    {
        MayBe = RecordUse.None;
        StartedUs = 0;
        IsActive = false;
        IsOffline = false;
        _lengths = default;
        if (_tries[0].Server is not null)
        {
            _tries = default;
        }

        if (_texts.Length > KeptBytesMax)
        {
            _texts = [];
        }
    }

    /// <summary>A try at the exchange's server begins.</summary>
    public void BeginTry(Exchange exchange, bool isReused)
    {
        _tries[TryRecords.PlaceOf(exchange.Tries)] = new TryRecord
        {
            Server = exchange.Server!.Name,
            Span = exchange.Trace.TrySpan,
            StartedUs = exchange.Shard.Loop.Clock.NowUs,
            IsReused = isReused,
        };
    }

    /// <summary>Its answer began.</summary>
    public void AnswerTry(Exchange exchange, int status)
    {
        ref TryRecord attempt = ref _tries[TryRecords.PlaceOf(exchange.Tries)];
        attempt.Status = (short)status;
        attempt.AnsweredUs = exchange.Shard.Loop.Clock.NowUs;
    }

    /// <summary>It failed, perhaps within its answer.</summary>
    public void FailTry(Exchange exchange, FaultKind kind) => _tries[TryRecords.PlaceOf(exchange.Tries)].Fault = kind;

    /// <summary>It is over, and counts.</summary>
    public void EndTry(Exchange exchange)
    {
        Shard shard = exchange.Shard;
        ref TryRecord attempt = ref _tries[TryRecords.PlaceOf(exchange.Tries)];
        attempt.EndedUs = shard.Loop.Clock.NowUs;
        if (!exchange.Snapshot.Telemetry.CountsDurations)
        {
            return;
        }

        long durationUs = attempt.EndedUs - attempt.StartedUs;
        int outcome = Outcome.Of(attempt.Status, attempt.Fault);
        DurationHistogram histogram =
            exchange.Server!.Durations.Of(shard.Loop.Index, exchange.Request.Method, outcome);
        histogram.Add(durationUs);
        if (exchange.Trace is { IsTraced: true, Here.IsSampled: true })
        {
            histogram.AddExample(
                durationUs, exchange.Trace.Here with { Span = attempt.Span }, shard.Loop.Clock.UnixMs);
        }
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        int at = _lengths.Sum;
        if (_texts.Length - at < text.Length)
        {
            Array.Resize(ref _texts, at + text.Length);
        }

        Put(text, at);
    }

    private void CopyTexts(Exchange exchange, AccessLogSettings? log)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> method = request.MethodText.Of(head);
        ReadOnlySpan<byte> host = Cut(request.Authority.Of(head), Exchange.HostBytesMax);
        ReadOnlySpan<byte> path = request.Path.IsEmpty ? "/"u8 : request.Path.Of(head);
        path = Cut(path, TelemetryLimits.TargetBytesMax);
        ReadOnlySpan<byte> query = Cut(request.Query.Of(head), TelemetryLimits.TargetBytesMax);
        ReadOnlySpan<byte> id = exchange.RequestId;
        ReadOnlySpan<LoggedField> fields = log is null ? default : log.Fields.Span;
        int bound = method.Length + host.Length + path.Length + query.Length + id.Length
            + (fields.Length * (FieldReading.HeadBytes + TelemetryLimits.FieldBytesMax));
        if (_texts.Length < bound)
        {
            _texts = new byte[Math.Max(bound, KeptBytesMax / 4)];
        }

        int at = Put(method, 0);
        at = Put(host, at);
        at = Put(path, at);
        at = Put(query, at);
        at = Put(id, at);
        int fieldsAt = at;
        for (int i = 0; i < fields.Length; i++)
        {
            if (request.TryFind(fields[i].Name.Written, head, out ReadOnlySpan<byte> value))
            {
                at = PutField(i, Cut(value, TelemetryLimits.FieldBytesMax), at);
            }
        }

        _lengths = new TextLengths
        {
            Method = (ushort)method.Length,
            Host = (ushort)host.Length,
            Path = (ushort)path.Length,
            Query = (ushort)query.Length,
            RequestId = (ushort)id.Length,
            Fields = (ushort)(at - fieldsAt),
        };
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, int bytesMax) =>
        text.Length > bytesMax ? text[..bytesMax] : text;

    private int Put(ReadOnlySpan<byte> text, int at)
    {
        text.CopyTo(_texts.AsSpan(at));
        return at + text.Length;
    }

    private int PutField(int index, ReadOnlySpan<byte> value, int at)
    {
        _texts[at] = (byte)index;
        _texts[at + 1] = (byte)value.Length;
        _texts[at + 2] = (byte)(value.Length >> 8);
        return Put(value, at + FieldReading.HeadBytes);
    }
}
