using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Puts a stream's events, or lines, together from the pieces it comes in, and gives each to a guard whole. Holds one
/// at most, within AiLimits.EventBytesMax.
/// </summary>
internal sealed class EventPieces(StreamGuard guard)
{
    private readonly HeldBody _event = new();
    private SseReader _reader;
    private bool _isLines;
    private bool _isTooLong;

    public void Begin(bool isLines, HeldBody output)
    {
        Release();
        _event.BindAs(output);
        _isLines = isLines;
    }

    public void Take(ReadOnlySpan<byte> payload, HeldBody output)
    {
        int at = 0;
        while (at < payload.Length && !guard.IsOver)
        {
            int start = at;
            bool isWhole = _isLines ? EndsLine(payload, ref at) : EndsEvent(payload, ref at);
            Add(payload[start..at], isWhole, output);
        }
    }

    /// <summary>Nothing more comes; what is no whole event is looked at all the same.</summary>
    public void TakeEnd(HeldBody output)
    {
        if (_event.Length > 0 && !guard.IsOver)
        {
            Whole(_event.Bytes, output);
            if (guard.HasHeld)
            {
                guard.Break(_isLines ? "\n"u8 : "\n\n"u8, output); // what is held comes in an event behind it
            }
        }

        if (!guard.IsOver)
        {
            guard.End(output);
        }

        _event.Release();
    }

    public void Release()
    {
        _event.Release();
        _reader = default;
        _isTooLong = false;
    }

    private void Add(ReadOnlySpan<byte> bytes, bool isWhole, HeldBody output)
    {
        if (_isTooLong || _event.Length + bytes.Length > AiLimits.EventBytesMax)
        {
            guard.Unread(_event.Bytes, "too_long", output);
            output.TryAppend(guard.IsOver ? default : bytes);
            _event.Release();
            _isTooLong = !isWhole;
        }
        else if (isWhole && _event.Length == 0)
        {
            Whole(bytes, output);
        }
        else
        {
            _event.TryAppend(bytes);
            if (isWhole)
            {
                Whole(_event.Bytes, output);
                _event.Release();
            }
        }
    }

    private void Whole(ReadOnlySpan<byte> whole, HeldBody output)
    {
        int start = 0;
        int length = 0;
        int count = _isLines ? Line(whole, out length) : EventLines.Find(whole, out start, out length);
        if (count == 0)
        {
            output.TryAppend(whole);
        }
        else if (count == 1)
        {
            guard.Take(whole, start, length, output);
        }
        else
        {
            guard.Unread(whole, "several_lines", output);
        }
    }

    private static int Line(ReadOnlySpan<byte> whole, out int length)
    {
        length = whole.TrimEnd("\r\n"u8).Length;
        return length == 0 ? 0 : 1;
    }

    private static bool EndsLine(ReadOnlySpan<byte> payload, ref int at)
    {
        int end = payload[at..].IndexOf((byte)'\n');
        at = end < 0 ? payload.Length : at + end + 1;
        return end >= 0;
    }

    private bool EndsEvent(ReadOnlySpan<byte> payload, ref int at)
    {
        SseStep step;
        do
        {
            step = _reader.Next(payload, ref at, out _);
        }
        while (step is SseStep.Data or SseStep.DataLine);
        return step == SseStep.EventEnd;
    }
}
