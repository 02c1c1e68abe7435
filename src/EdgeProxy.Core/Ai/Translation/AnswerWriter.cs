using System;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// Writes the answers of one dialect: whole ones, and streams event by event, with what it has to remember of them.
/// Methods that say whether it went well leave the text of no use if it did not.
/// </summary>
internal abstract class AnswerWriter(TranslatedText text)
{
    protected TranslatedText Text { get; } = text;

    protected AnswerHead Head { get; private set; } = new();

    /// <summary>A stream has the last words it will have.</summary>
    public bool IsOver { get; protected set; }

    public virtual void Begin() => IsOver = false;

    /// <summary>Gives back what it keeps of a stream.</summary>
    public virtual void Release()
    {
    }

    public abstract bool WriteWhole(ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer);

    public virtual void BeginStream(AnswerHead head) => Head = head;

    /// <summary>Text or thinking: a string, or a piece of one.</summary>
    public abstract bool Say(SaidKind kind, ReadOnlySpan<byte> source, Place text);

    /// <param name="id">Not there if the dialect it comes from left it out.</param>
    public abstract bool CallTool(ReadOnlySpan<byte> source, Place id, Place name);

    /// <summary>Of the last tool: a piece of JSON in a string.</summary>
    public abstract void Arguments(ReadOnlySpan<byte> source, Place text);

    /// <summary>Of the last tool: all of them at once.</summary>
    public abstract void ArgumentsAsObject(ReadOnlySpan<byte> source, Place json);

    public abstract bool EndStream(StopReason stop, in AnswerUsage usage);

    /// <summary>The stream failed: what its provider said of that, or a text of ours.</summary>
    /// <param name="message">With its quotes.</param>
    /// <param name="status">The status an answer of its own would have had.</param>
    public abstract void Fail(ReadOnlySpan<byte> message, int status);

    protected void AddId(ReadOnlySpan<byte> source, Place id, int number)
    {
        if (id.IsThere)
        {
            Text.Add(source, id);
            return;
        }

        Text.Add("\"call_"u8);
        Text.Add(number);
        Text.Add("\""u8);
    }

    /// <summary>Arguments as an object, however they are here. False if they are none.</summary>
    protected bool TryAddArguments(ReadOnlySpan<byte> source, Place arguments)
    {
        if (source[arguments.Start] == (byte)'"')
        {
            return Text.TryAddObject(source[(arguments.Start + 1)..(arguments.End - 1)]);
        }

        Text.Add(source, arguments);
        return true;
    }
}
