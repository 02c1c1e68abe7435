using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>What <see cref="ChunkedReader.Next"/> found at the start of its input.</summary>
internal enum ChunkStep : byte
{
    /// <summary>Payload follows the framing; both counts are set and the payload is not empty.</summary>
    Data,

    /// <summary>More bytes are needed; the framing bytes reported, and only those, MUST be consumed.</summary>
    NeedMore,

    /// <summary>The body ended; the framing bytes run through the last CRLF of the trailer section.</summary>
    End,

    /// <summary>The bytes are not chunks; see <see cref="ChunkedReader.Reason"/>.</summary>
    Malformed,
}

/// <summary>
/// Finds payload in a chunked body without copying it (RFC 9112 section 7.1). The caller consumes
/// <c>framingBytes</c>, then hands on any part of the payload and says so with <see cref="Advance"/>. Size lines are
/// consumed byte by byte, so a peer that sends single bytes costs no more than another; a trailer section is left
/// unconsumed until it is whole, so the caller's buffer must hold <see cref="HeadLimits.TrailerBytes"/>.
/// </summary>
internal struct ChunkedReader
{
    private ChunkLine _line;
    private long _remaining;
    private int _trailerLine;
    private int _trailerScan;
    private int _trailerCount;
    private State _state;

    // In the order of a chunk's life; the first is where a body begins.
    private enum State : byte
    {
        SizeLine,
        Payload,
        DataCr,
        DataLf,
        Trailers,
        Ended,
        Failed,
    }

    public RejectReason Reason { get; private set; }

    /// <summary>
    /// After End: the trailer field lines within the input of that call, final empty line excluded; often empty.
    /// </summary>
    public ByteRange Trailers { get; private set; }

    /// <summary>Steps over framing. MUST NOT be called again with bytes it reported as framing.</summary>
    public ChunkStep Next(ReadOnlySpan<byte> input, HeadLimits limits, out int framingBytes, out int payloadBytes)
    {
        framingBytes = 0;
        payloadBytes = 0;
        while (true)
        {
            switch (_state)
            {
                case State.SizeLine:
                    RejectReason fault = _line.Read(input, ref framingBytes, limits, out bool whole);
                    if (fault != RejectReason.None)
                    {
                        return Fail(fault);
                    }

                    if (!whole)
                    {
                        return ChunkStep.NeedMore;
                    }

                    _remaining = _line.TakeSize();
                    _state = _remaining > 0 ? State.Payload : State.Trailers;
                    break;

                case State.Payload:
                    payloadBytes = (int)Math.Min(_remaining, input.Length - framingBytes);
                    return payloadBytes > 0 ? ChunkStep.Data : ChunkStep.NeedMore;

                case State.DataCr or State.DataLf:
                    if (framingBytes == input.Length)
                    {
                        return ChunkStep.NeedMore;
                    }

                    // chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
                    if (input[framingBytes] != (byte)(_state == State.DataCr ? '\r' : '\n'))
                    {
                        return Fail(RejectReason.ChunkDataEndInvalid);
                    }

                    framingBytes++;
                    _state = _state == State.DataCr ? State.DataLf : State.SizeLine;
                    break;

                case State.Trailers:
                    return ReadTrailers(input, limits, ref framingBytes);

                case State.Ended:
                    return ChunkStep.End;

                default:
                    return ChunkStep.Malformed;
            }
        }
    }

    /// <summary>
    /// Tells that <paramref name="payloadBytes"/> bytes of the current chunk's payload were consumed.
    /// </summary>
    public void Advance(int payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadBytes, _remaining);
        _remaining -= payloadBytes;
        if (_remaining == 0 && _state == State.Payload)
        {
            _state = State.DataCr;
        }
    }

    // trailer-section = *( field-line CRLF ), then CRLF. The resume points count from where the section begins.
    private ChunkStep ReadTrailers(ReadOnlySpan<byte> input, HeadLimits limits, ref int framingBytes)
    {
        ReadOnlySpan<byte> section = input[framingBytes..];
        bool cut = section.Length > limits.TrailerBytes;
        section = cut ? section[..limits.TrailerBytes] : section;
        while (true)
        {
            ParseStatus status = LineEnd.Find(section, _trailerScan, out int stop);
            if (status == ParseStatus.NeedMore)
            {
                _trailerScan = stop;
                return section.Length == limits.TrailerBytes ? Fail(RejectReason.TrailersTooLarge) : ChunkStep.NeedMore;
            }

            if (status == ParseStatus.Malformed)
            {
                return Fail(LineEnd.Reason(section[stop]));
            }

            if (stop == _trailerLine)
            {
                Trailers = new ByteRange(framingBytes, stop);
                framingBytes += stop + LineEnd.Bytes;
                _state = State.Ended;
                return ChunkStep.End;
            }

            RejectReason fault = ++_trailerCount > limits.FieldCount
                ? RejectReason.TrailerCountOverLimit
                : FieldLine.Read(section, _trailerLine, stop, out _);
            if (fault != RejectReason.None)
            {
                return Fail(fault);
            }

            _trailerLine = stop + LineEnd.Bytes;
            _trailerScan = _trailerLine;
        }
    }

    private ChunkStep Fail(RejectReason reason)
    {
        Reason = reason;
        _state = State.Failed;
        return ChunkStep.Malformed;
    }
}
