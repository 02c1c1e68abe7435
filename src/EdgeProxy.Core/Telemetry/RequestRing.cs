using System;
using System.Diagnostics;
using System.Numerics;
using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Records of one loop on their way to whoever writes them: one thread writes, one reads, nothing is locked, nothing
/// waits. A full ring drops what comes and counts it.
/// </summary>
internal sealed class RequestRing
{
    private readonly RequestRecord[] _records;
    private readonly byte[] _texts;
    private readonly int[] _textStarts;
    private readonly Action? _onFilling;
    private long _written;
    private long _read;
    private long _textWritten;
    private long _textReleased;
    private long _textRead;
    private long _dropped;
    private bool _hasAsked;

    /// <param name="records">A power of two.</param>
    /// <param name="textBytes">A power of two, above what one record may have.</param>
    /// <param name="onFilling">
    /// Called by the writer when a part of the ring is full (RingLookShare), once until it was read.
    /// </param>
    public RequestRing(int records, int textBytes, Action? onFilling = null)
    {
        Debug.Assert(BitOperations.IsPow2(records) && BitOperations.IsPow2(textBytes), "positions run through both");
        _records = new RequestRecord[records];
        _textStarts = new int[records];
        _texts = new byte[textBytes];
        _onFilling = onFilling;
    }

    /// <summary>Records that found no room.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Records that were published.</summary>
    public long Written => Volatile.Read(ref _written);

    public bool IsEmpty => Volatile.Read(ref _written) == Volatile.Read(ref _read);

    /// <summary>
    /// Writer: puts a record with its texts. False, and counted, if there is no room; <paramref name="texts"/> are as
    /// long as the record says.
    /// </summary>
    public bool TryWrite(in RequestRecord record, ReadOnlySpan<byte> texts)
    {
        Debug.Assert(texts.Length == record.Texts.Sum, "lengths say where each text ends");
        int offset = (int)(_textWritten & (_texts.Length - 1));
        int skipped = texts.Length > _texts.Length - offset ? _texts.Length - offset : 0;
        long inUse = _written - Volatile.Read(ref _read);
        if (inUse == _records.Length
            || _textWritten + skipped + texts.Length - Volatile.Read(ref _textReleased) > _texts.Length)
        {
            Volatile.Write(ref _dropped, _dropped + 1);
            AskToBeRead();
            return false;
        }

        int start = skipped > 0 ? 0 : offset;
        int slot = (int)(_written & (_records.Length - 1));
        _records[slot] = record;
        _textStarts[slot] = start;
        texts.CopyTo(_texts.AsSpan(start));
        _textWritten += skipped + texts.Length;
        Volatile.Write(ref _written, _written + 1);
        if (inUse == 0)
        {
            _hasAsked = false;
        }
        else if (inUse > _records.Length / TelemetryLimits.RingLookShare)
        {
            AskToBeRead();
        }

        return true;
    }

    /// <summary>Reader: the oldest record, which stays where it is until <see cref="Release"/>.</summary>
    public bool TryRead(out RecordView view)
    {
        view = default;
        long read = _read;
        if (read == Volatile.Read(ref _written))
        {
            return false;
        }

        int slot = (int)(read & (_records.Length - 1));
        ref readonly RequestRecord record = ref _records[slot];
        view = new RecordView(in record, _texts.AsSpan(_textStarts[slot], record.Texts.Sum));
        return true;
    }

    /// <summary>Reader: gives the place of the record read last to the writer.</summary>
    public void Release()
    {
        int slot = (int)(_read & (_records.Length - 1));
        int bytes = _records[slot].Texts.Sum;
        int offset = (int)(_textRead & (_texts.Length - 1));

        // The same step over the end that the writer made.
        _textRead += (bytes > _texts.Length - offset ? _texts.Length - offset : 0) + bytes;
        Volatile.Write(ref _textReleased, _textRead);
        Volatile.Write(ref _read, _read + 1);
    }

    private void AskToBeRead()
    {
        if (!_hasAsked)
        {
            _hasAsked = true;
            _onFilling?.Invoke();
        }
    }
}

/// <summary>A record in its ring, with its texts.</summary>
internal readonly ref struct RecordView(ref readonly RequestRecord record, ReadOnlySpan<byte> texts)
{
    private readonly ref readonly RequestRecord _record = ref record;
    private readonly ReadOnlySpan<byte> _texts = texts;

    public ref readonly RequestRecord Record => ref _record;

    public ReadOnlySpan<byte> Method => _texts[.._record.Texts.Method];

    public ReadOnlySpan<byte> Host => _texts.Slice(_record.Texts.Method, _record.Texts.Host);

    /// <summary>As received.</summary>
    public ReadOnlySpan<byte> Path => _texts.Slice(PathAt, _record.Texts.Path);

    /// <summary>As received, without the question mark.</summary>
    public ReadOnlySpan<byte> Query => _texts.Slice(PathAt + _record.Texts.Path, _record.Texts.Query);

    public ReadOnlySpan<byte> RequestId => _texts.Slice(RequestIdAt, _record.Texts.RequestId);

    public FieldReading Fields => new(_texts.Slice(FieldsAt, _record.Texts.Fields));

    /// <summary>What a guard found, by rule; ASCII.</summary>
    public ReadOnlySpan<byte> Findings => _texts.Slice(FieldsAt + _record.Texts.Fields, _record.Texts.Findings);

    /// <summary>Of a call of a model, for <see cref="ModelFactReading"/>; empty if it is none.</summary>
    public ReadOnlySpan<byte> Model =>
        _texts.Slice(FieldsAt + _record.Texts.Fields + _record.Texts.Findings, _record.Texts.Model);

    private int PathAt => _record.Texts.Method + _record.Texts.Host;

    private int RequestIdAt => PathAt + _record.Texts.Path + _record.Texts.Query;

    private int FieldsAt => RequestIdAt + _record.Texts.RequestId;
}

/// <summary>The field values of a record, one after the other.</summary>
internal ref struct FieldReading(ReadOnlySpan<byte> bytes)
{
    /// <summary>Index and length.</summary>
    public const int HeadBytes = 3;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The index of the field in the settings' list.</summary>
    public int Index { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        if (_rest.Length < HeadBytes)
        {
            return false;
        }

        Index = _rest[0];
        int length = _rest[1] | (_rest[2] << 8);
        Value = _rest.Slice(HeadBytes, length);
        _rest = _rest[(HeadBytes + length)..];
        return true;
    }
}
