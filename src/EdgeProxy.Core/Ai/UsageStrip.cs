using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Ai;

/// <summary>
/// Takes out of a chat stream what only came because the proxy asked for it: the event that has nothing but usage, and
/// the usage member of all others. Holds one event at most; one too long to be looked at passes as it is.
/// </summary>
internal sealed class UsageStrip(AiLoop loop)
{
    private readonly HeldBody _event = new();
    private SseReader _events;
    private bool _isTooLong;

    private static readonly ulong UsageName = JsonText.HashOf("usage"u8);
    private static readonly ulong ChoicesName = JsonText.HashOf("choices"u8);

    public void Begin(HeldBody output)
    {
        _events = default;
        _isTooLong = false;
        _event.Release();
        _event.BindAs(output);
    }

    public void Take(ReadOnlySpan<byte> payload, HeldBody output)
    {
        int at = 0;
        int start = 0;
        while (true)
        {
            SseStep step = _events.Next(payload, ref at, out _);
            if (step == SseStep.EventEnd)
            {
                Whole(payload[start..at], output);
                start = at;
            }
            else if (step == SseStep.NeedMore)
            {
                Part(payload[start..], output);
                return;
            }
        }
    }

    /// <summary>The stream ended; what is no whole event goes on as it is.</summary>
    public void TakeEnd(HeldBody output)
    {
        output.TryAppend(_event.Bytes);
        _event.Release();
    }

    public void Release() => _event.Release();

    private void Part(ReadOnlySpan<byte> bytes, HeldBody output)
    {
        if (_isTooLong)
        {
            output.TryAppend(bytes);
            return;
        }

        _event.TryAppend(bytes);
        if (_event.Length > AiLimits.EventBytesMax)
        {
            _isTooLong = true;
            output.TryAppend(_event.Bytes);
            _event.Release();
        }
    }

    private void Whole(ReadOnlySpan<byte> bytes, HeldBody output)
    {
        if (_isTooLong)
        {
            _isTooLong = false;
            output.TryAppend(bytes);
        }
        else if (_event.Length == 0)
        {
            Write(bytes, output);
        }
        else
        {
            _event.TryAppend(bytes);
            Write(_event.Bytes, output);
            _event.Release();
        }
    }

    private void Write(ReadOnlySpan<byte> whole, HeldBody output)
    {
        if (whole.IndexOf("usage"u8) < 0 || EventLines.Find(whole, out int dataStart, out int dataLength) != 1)
        {
            output.TryAppend(whole);
            return;
        }

        JsonIndex index = loop.Index;
        if (index.Read(whole.Slice(dataStart, dataLength)) == JsonFault.None)
        {
            WriteWithout(whole, dataStart, index, output);
        }
        else
        {
            output.TryAppend(whole);
        }

        index.Reset();
    }

    private static void WriteWithout(ReadOnlySpan<byte> whole, int dataStart, JsonIndex index, HeldBody output)
    {
        int usage = index.Find(0, UsageName);
        int choices = index.Find(0, ChoicesName);
        if (usage < 0)
        {
            output.TryAppend(whole);
        }
        else if (choices < 0 || index[choices].Next != choices + 1 || index[usage].Kind == JsonToken.Null)
        {
            (int start, int end) = PlaceOf(index, usage);
            output.TryAppend(whole[..(dataStart + start)]);
            output.TryAppend(whole[(dataStart + end)..]);
        }
    }

    // A member with the comma that belongs to it.
    private static (int Start, int End) PlaceOf(JsonIndex index, int member)
    {
        int before = -1;
        for (int node = 1; node != member; node = index[node].Next)
        {
            before = node;
        }

        int next = index[member].Next;
        bool isLast = next >= index[0].Next;
        return before >= 0 ? (index[before].End, index[member].End)
            : isLast ? (index[member].NameStart, index[member].End)
            : (index[member].NameStart, index[next].NameStart);
    }
}
