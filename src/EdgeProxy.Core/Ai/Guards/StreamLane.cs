using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// One text of a streamed answer, that comes in many events: of a choice, a block or an item, in one of its fields.
/// </summary>
internal sealed class StreamLane(GuardSide side, PlaceholderTable placeholders)
{
    /// <summary>Bytes kept of what an event of it has to repeat.</summary>
    public const int NoteBytesMax = 128;

    private readonly byte[] _note = new byte[NoteBytesMax];
    private int _noteLength;

    public ulong Key { get; private set; }

    /// <summary>The field's name.</summary>
    public ulong Name { get; private set; }

    /// <summary>Choice, block or item it belongs to; they end together.</summary>
    public int Owner { get; private set; }

    /// <summary>Tool call or part within it; -1 if there is none.</summary>
    public int Part { get; private set; }

    public GuardedText Text { get; } = new(side, placeholders);

    /// <summary>The place of its last part among those of the event at hand.</summary>
    public int LastPart { get; set; }

    /// <summary>It must not be changed, only stopped.</summary>
    public bool IsSigned { get; set; }

    /// <summary>The number of what it said (<see cref="SaidTexts"/>).</summary>
    public ulong Said { get; set; }

    /// <summary>What the dialect noted of it.</summary>
    public ReadOnlySpan<byte> Note => _note.AsSpan(0, _noteLength);

    public static ulong KeyOf(ulong name, int owner, int part) =>
        name ^ ((ulong)(owner + 1) * 0x9E37_79B9_7F4A_7C15) ^ ((ulong)(part + 2) * 0xC2B2_AE3D_27D4_EB4F);

    public void Begin(ulong name, int owner, int part, ReadOnlySpan<byte> note, bool isJson)
    {
        (Key, Name, Owner, Part) = (KeyOf(name, owner, part), name, owner, part);
        note = note.Length > NoteBytesMax ? default : note;
        note.CopyTo(_note);
        _noteLength = note.Length;
        IsSigned = false;
        Said = SaidTexts.Empty;
        Text.Begin(isJson);
    }
}
