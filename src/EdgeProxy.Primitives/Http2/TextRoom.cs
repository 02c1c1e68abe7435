using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>Room for text that may turn out to be too little: what does not fit is left out, and it says so.</summary>
internal ref struct TextRoom(Span<byte> room)
{
    private readonly Span<byte> _room = room;

    public int Length { get; private set; }

    public bool IsOver { get; private set; }

    public readonly ReadOnlySpan<byte> Text => _room[..Length];

    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _room.Length - Length)
        {
            IsOver = true;
            return;
        }

        bytes.CopyTo(_room[Length..]);
        Length += bytes.Length;
    }

    /// <summary>A field line.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        Write(name);
        Write(": "u8);
        Write(value);
        Write("\r\n"u8);
    }

    /// <summary>Fills what is left, with a field that does not end.</summary>
    public void Fill()
    {
        _room[Length..].Fill((byte)'x');
        Length = _room.Length;
    }
}
