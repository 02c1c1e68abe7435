using System;
using System.Buffers.Text;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Tracing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Writes a message head into room that is known to be enough. Runs of unchanged field lines go in as one copy.
/// </summary>
internal ref struct HeadBuffer(Span<byte> room)
{
    private readonly Span<byte> _room = room;

    public int Length { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_room[Length..]);
        Length += bytes.Length;
    }

    public void Write(long number)
    {
        bool isWritten = Utf8Formatter.TryFormat(number, _room[Length..], out int count);
        Debug.Assert(isWritten, "the head's bound counts every number");
        Length += count;
    }

    public void Write(IpAddress address)
    {
        bool isWritten = address.TryFormat(_room[Length..], out int count);
        Debug.Assert(isWritten, "the head's bound counts every address");
        Length += count;
    }

    /// <summary>ASCII text of our own.</summary>
    public void Write(string text) => Length += Encoding.ASCII.GetBytes(text, _room[Length..]);

    public void WriteStatusLine(int status) => Length += StatusLines.Write(_room[Length..], status);

    public void Write(TraceParent parent)
    {
        parent.Write(_room.Slice(Length, TraceParent.TextBytes));
        Length += TraceParent.TextBytes;
    }

    /// <summary>An empty run of field lines.</summary>
    public static FieldRun StartRun() => new() { Start = -1 };

    /// <summary>Adds one line to the run, or starts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Keep(ref FieldRun run, in HeaderField field)
    {
        if (run.Start < 0)
        {
            run.Start = field.Name.Offset;
        }

        run.End = field.LineEnd;
    }

    /// <summary>Copies the run so far, because the next line is not wanted or there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Flush(ref FieldRun run, ReadOnlySpan<byte> head)
    {
        if (run.Start >= 0)
        {
            Write(head[run.Start..run.End]);
            run.Start = -1;
        }
    }
}

/// <summary>Neighbouring field lines that are copied as one range.</summary>
internal struct FieldRun
{
    public int Start;
    public int End;
}
