using System;
using System.Collections.Generic;

namespace EdgeProxy.Ai.Translation;

/// <summary>Why a model stopped.</summary>
internal enum StopReason : byte
{
    End,
    Length,
    Tool,
    Refusal,
}

/// <summary>Tokens as OpenAI counts them: what came from a cache, or was written to it, is of the input.</summary>
internal record struct AnswerUsage(bool IsThere, long Input, long Output, long Cached, long Written, long Reasoning);

internal enum SaidKind : byte
{
    /// <summary>First: the text.</summary>
    Text,

    /// <summary>First: the text.</summary>
    Thinking,

    /// <summary>First: the id; Second: the name; Third: the arguments, an object or one in a string.</summary>
    ToolCall,
}

/// <summary>One thing a model said: places in its answer.</summary>
internal readonly record struct Said(SaidKind Kind, Place First, Place Second = default, Place Third = default);

/// <summary>What an answer says of itself, as the JSON strings it was said in.</summary>
internal sealed class AnswerHead
{
    private const int BytesMax = 192;

    private readonly byte[] _id = new byte[BytesMax];
    private readonly byte[] _model = new byte[BytesMax];
    private int _idLength;
    private int _modelLength;

    public ReadOnlySpan<byte> Id => _idLength > 0 ? _id.AsSpan(0, _idLength) : "\"\""u8;

    public ReadOnlySpan<byte> Model => _modelLength > 0 ? _model.AsSpan(0, _modelLength) : "\"\""u8;

    /// <summary>When it came, milliseconds of Unix time.</summary>
    public long UnixMs { get; private set; }

    public void Begin(long unixMs) => (UnixMs, _idLength, _modelLength) = (unixMs, 0, 0);

    /// <summary>What is longer than any such name counts as not said.</summary>
    public void Take(ReadOnlySpan<byte> source, Place id, Place model)
    {
        _idLength = Keep(source[id.Start..id.End], _id, _idLength);
        _modelLength = Keep(source[model.Start..model.End], _model, _modelLength);
    }

    private static int Keep(ReadOnlySpan<byte> text, byte[] target, int length)
    {
        if (text.IsEmpty || text.Length > BytesMax)
        {
            return length;
        }

        text.CopyTo(target);
        return text.Length;
    }
}

/// <summary>An answer that is one text, dialect aside. Reused.</summary>
internal sealed class ChatAnswer
{
    private const int KeptMax = 4096;

    public List<Said> Parts { get; private set; } = [];

    public StopReason Stop { get; set; }

    public AnswerUsage Usage { get; set; }

    public void Reset()
    {
        Parts.Clear();
        Parts = Parts.Capacity > KeptMax ? [] : Parts;
        Stop = StopReason.End;
        Usage = default;
    }
}
