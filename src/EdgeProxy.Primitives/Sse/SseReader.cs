using System;

namespace EdgeProxy.Primitives.Sse;

/// <summary>What <see cref="SseReader.Next"/> found.</summary>
internal enum SseStep : byte
{
    /// <summary>The piece is used up; go on with the next one.</summary>
    NeedMore,

    /// <summary>Bytes of the event's data; a line may come in several parts.</summary>
    Data,

    /// <summary>Another data line begins: a line feed stands between the two.</summary>
    DataLine,

    /// <summary>An empty line: the event is whole, with data or without.</summary>
    EventEnd,
}

/// <summary>
/// Finds the events of a text/event-stream (WHATWG HTML section 9.2.6) in pieces cut anywhere, without keeping any of
/// it. Lines end with CR, LF or both. The oldest state is <c>default</c>.
/// </summary>
internal struct SseReader
{
    private const int NameBytes = 4; // "data"

    private State _state;
    private int _nameLength;
    private bool _isData;
    private bool _hasData;
    private bool _skipsLineFeed;
    private byte _markBytes; // of the byte order mark that may stand first

    private enum State : byte
    {
        LineStart,
        Name,
        Space,
        Value,
        Ignored,
    }

    /// <summary>The next step in a piece from <paramref name="at"/> on, which moves behind it.</summary>
    public SseStep Next(ReadOnlySpan<byte> bytes, ref int at, out ReadOnlySpan<byte> data)
    {
        data = default;
        while (at < bytes.Length)
        {
            byte value = bytes[at];
            if (_skipsLineFeed)
            {
                _skipsLineFeed = false;
                if (value == (byte)'\n')
                {
                    at++;
                    continue;
                }
            }

            if (_markBytes < 3 && !IsStarted(value))
            {
                at++;
                continue;
            }

            bool endsLine = value is (byte)'\n' or (byte)'\r';
            switch (_state)
            {
                case State.LineStart when endsLine:
                    EndLine(value, ref at);
                    return SseStep.EventEnd;
                case State.LineStart:
                    _nameLength = 0;
                    _isData = true;
                    _state = State.Name;
                    continue;
                case State.Name when value == (byte)':' && IsData:
                    at++;
                    _state = State.Space;
                    continue;
                case State.Name when endsLine:
                    // A line that is a name only: data is there, and empty.
                    EndLine(value, ref at);
                    if (IsData && BeginData() is { } line)
                    {
                        return line;
                    }

                    continue;
                case State.Name:
                    ReadName(value, ref at);
                    continue;
                case State.Space:
                    at += value == (byte)' ' ? 1 : 0;
                    _state = State.Value;
                    if (BeginData() is { } another)
                    {
                        return another;
                    }

                    continue;
                default:
                    if (ReadValue(bytes, ref at, out data))
                    {
                        return SseStep.Data;
                    }

                    continue;
            }
        }

        return SseStep.NeedMore;
    }

    private bool IsStarted(byte value)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        bool isMark = value == mark[_markBytes];
        if (!isMark && _markBytes > 0)
        {
            _state = State.Ignored; // a part of a mark is the start of a name that means nothing
        }

        _markBytes = (byte)(isMark ? _markBytes + 1 : mark.Length);
        return !isMark;
    }

    private readonly bool IsData => _isData && _nameLength == NameBytes;

    private SseStep? BeginData()
    {
        bool isAnother = _hasData;
        _hasData = true;
        return isAnother ? SseStep.DataLine : null;
    }

    private void ReadName(byte value, ref int at)
    {
        _isData &= _nameLength < NameBytes && value == "data"u8[_nameLength];
        _nameLength++;
        at++;
        if (!_isData)
        {
            _state = State.Ignored;
        }
    }

    // True if there is data to hand on.
    private bool ReadValue(ReadOnlySpan<byte> bytes, ref int at, out ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> rest = bytes[at..];
        int end = rest.IndexOfAny((byte)'\n', (byte)'\r');
        ReadOnlySpan<byte> value = end < 0 ? rest : rest[..end];
        data = _state == State.Value ? value : default;
        at += value.Length;
        if (end >= 0 && data.IsEmpty)
        {
            EndLine(rest[end], ref at);
        }

        return !data.IsEmpty;
    }

    private void EndLine(byte value, ref int at)
    {
        at++;
        _skipsLineFeed = value == (byte)'\r';
        if (_state == State.LineStart)
        {
            _hasData = false;
        }

        _state = State.LineStart;
    }
}
