using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Reads the answers of one dialect: whole ones, and streams event by event.</summary>
internal abstract class AnswerReader
{
    /// <summary>A stream said that it is over.</summary>
    public bool IsDone { get; protected set; }

    protected StopReason Stop { get; set; }

    /// <summary>So far.</summary>
    public AnswerUsage Usage { get; protected set; }

    protected bool HasBegun { get; set; }

    public virtual void Begin()
    {
        (IsDone, HasBegun, Stop, Usage) = (false, false, StopReason.End, default);
    }

    /// <summary>False if it is not what the dialect has.</summary>
    public abstract bool ReadWhole(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer);

    /// <summary>One event's data. False if it is not what the dialect has.</summary>
    public abstract bool ReadEvent(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, AnswerWriter to);

    /// <summary>The stream ended. False if it had no end of its own.</summary>
    public abstract bool EndStream(AnswerWriter to);

    /// <summary>What an answer says went wrong; not there if it says nothing.</summary>
    public static Place ErrorOf(JsonIndex index)
    {
        int error = index.Find(0, Names.Error);
        return Names.Is(index, error, JsonToken.String)
            ? Place.Of(index, error)
            : Place.Of(index, Names.FindString(index, error, Names.Message));
    }

    protected static long CountOf(JsonIndex index, int node, ulong name)
    {
        int found = index.Find(node, name);
        return found >= 0 && index[found].IsInteger ? Math.Clamp(index[found].Number, 0, Ai.Usage.TokensMax) : 0;
    }

    protected static Place StringOf(JsonIndex index, int node, ulong name) =>
        Place.Of(index, Names.FindString(index, node, name));
}
