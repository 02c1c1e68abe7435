using System;
using System.Buffers.Binary;

namespace EdgeProxy.Telemetry;

/// <summary>
/// What a call of a model is told by: attributes of OpenTelemetry's conventions for GenAI (semantic conventions 1.44),
/// and ours. Texts come first, numbers from <see cref="InputTokens"/> on.
/// </summary>
internal enum ModelFact : byte
{
    /// <summary>chat, text_completion, embeddings, count_tokens.</summary>
    Operation,
    Provider,
    RequestModel,
    ResponseModel,
    ResponseId,

    /// <summary>Of the first choice that ended.</summary>
    FinishReason,
    Outcome,
    PlanDecision,
    PlanLimit,
    InputTokens,
    OutputTokens,
    CacheRead,
    CacheWritten,
    Reasoning,

    /// <summary>1 if the provider did not tell them all.</summary>
    IsEstimated,
    Cost,
    IsStream,
    MaxTokens,

    /// <summary>Microseconds.</summary>
    FirstChunkUs,
}

/// <summary>Writes them one after the other: which (1 byte), length (1), value; numbers little-endian.</summary>
internal ref struct ModelFactWriter(Span<byte> room)
{
    /// <summary>All of them, each as long as it may be.</summary>
    public const int BytesMax = 2048;

    private const int TextBytesMax = 255;
    private const int HeadBytes = 2;

    private readonly Span<byte> _room = room;
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _room[.._length];

    /// <summary>Nothing if it is empty; a long one is cut.</summary>
    public void Add(ModelFact fact, scoped ReadOnlySpan<byte> text)
    {
        if (text.Length > TextBytesMax)
        {
            text = text[..TextBytesMax];
        }

        if (!text.IsEmpty && _room.Length - _length >= HeadBytes + text.Length)
        {
            _room[_length] = (byte)fact;
            _room[_length + 1] = (byte)text.Length;
            text.CopyTo(_room[(_length + HeadBytes)..]);
            _length += HeadBytes + text.Length;
        }
    }

    public void Add(ModelFact fact, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Add(fact, bytes);
    }
}

/// <summary>Reads them.</summary>
internal ref struct ModelFactReading(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ModelFact Fact { get; private set; }

    public ReadOnlySpan<byte> Text { get; private set; }

    public readonly long Number => BinaryPrimitives.ReadInt64LittleEndian(Text);

    public bool Next()
    {
        if (_rest.Length < 2)
        {
            return false;
        }

        Fact = (ModelFact)_rest[0];
        Text = _rest.Slice(2, _rest[1]);
        _rest = _rest[(2 + _rest[1])..];
        return true;
    }

    /// <summary>Empty if it was not written.</summary>
    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> bytes, ModelFact fact)
    {
        var reading = new ModelFactReading(bytes);
        while (reading.Next())
        {
            if (reading.Fact == fact)
            {
                return reading.Text;
            }
        }

        return default;
    }
}
