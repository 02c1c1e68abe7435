using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>How an event tells of calls of tools.</summary>
internal enum CallReading : byte
{
    /// <summary>In parts, all of them told to StreamedCalls.</summary>
    InParts,

    /// <summary>What is no delta in it may be a whole call.</summary>
    Whole,
}

/// <summary>
/// What a streamed answer looks like in one dialect: which strings of an event are parts of a longer text, where such a
/// text ends, and how an event of the proxy's own is written.
/// </summary>
internal abstract class StreamDialect
{
    /// <summary>A new stream.</summary>
    public abstract void Begin();

    /// <summary>
    /// An event, before it is passed on: tells the guard which strings are parts (<see cref="StreamGuard.Part"/>) and
    /// which texts end with it (<see cref="StreamGuard.EndLanes"/>).
    /// </summary>
    public abstract void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data);

    /// <summary>The event, as far as it is about calls of tools: tells which go on and which are whole.</summary>
    public abstract CallReading ReadCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data);

    /// <summary>The client has all events up to here.</summary>
    public virtual void Mark()
    {
    }

    /// <summary>It gets none of those since.</summary>
    public virtual void Back()
    {
    }

    /// <summary>The event ends what came before, and most of it was said.</summary>
    public virtual bool IsRepeat => false;

    /// <summary>Texts that came in parts are told whole once more, and some of them only so.</summary>
    public virtual bool TellsAgain => false;

    /// <summary>The event tells whole texts, of which others may have told parts.</summary>
    public virtual bool IsWhole => false;

    /// <summary>Changes an event that is passed on for the sake of those that were put in.</summary>
    public virtual void Renumber(JsonIndex index, JsonEdits edits)
    {
    }

    /// <summary>An event with the rest of a text, as it is spelled in JSON.</summary>
    public abstract void WriteRest(StreamLane lane, ReadOnlySpan<byte> spelled, ByteBuffer output);

    /// <summary>What ends the stream because a guard stopped it, so that clients see an end and why.</summary>
    public abstract void WriteRefusal(ByteBuffer output);

    /// <summary>The text must not be changed, only stopped.</summary>
    public virtual bool IsSigned(StreamLane lane) => false;

    protected static int NumberOf(JsonIndex index, int node, ulong name, int otherwise)
    {
        int found = index.Find(node, name);
        return found >= 0 && index[found] is { Kind: JsonToken.Number, IsInteger: true } number
            && number.Number is >= 0 and <= int.MaxValue
                ? (int)number.Number
                : otherwise;
    }

    /// <summary>A member; -1 if it is not there, or null: some servers write that for all they have not.</summary>
    protected static int Given(JsonIndex index, int node, ulong name)
    {
        int found = index.Find(node, name);
        return found >= 0 && index[found].Kind != JsonToken.Null ? found : -1;
    }

    /// <summary>A member as it stands in the text, name and all, with a comma behind; nothing if it is long.</summary>
    protected static void CopyMember(
        JsonIndex index, ReadOnlySpan<byte> data, int node, ulong name, ByteBuffer output)
    {
        int found = index.Find(node, name);
        if (found >= 0 && output.Length + index[found].End - index[found].NameStart < GuardLimits.EnvelopeBytesMax)
        {
            output.Append(data[index[found].NameStart..index[found].End]);
            output.Append(","u8);
        }
    }
}
