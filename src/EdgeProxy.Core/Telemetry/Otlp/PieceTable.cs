using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>What pieces are found by.</summary>
internal interface IPieceKey<TSelf>
    where TSelf : struct
{
    /// <summary>Any number; equal keys have the same.</summary>
    int Place { get; }

    /// <summary>The same piece.</summary>
    bool Is(in TSelf other);
}

/// <summary>
/// Encoded pieces by what they say, each in the one place its key leads to: another that leads there takes it over.
/// Bounded, and used again and again; one thread.
/// </summary>
internal sealed class PieceTable<TKey>
    where TKey : struct, IPieceKey<TKey>
{
    /// <summary>Pieces kept at most, a power of two.</summary>
    public const int PlacesMax = 256;

    private readonly TKey[] _keys = new TKey[PlacesMax];
    private readonly byte[]?[] _pieces = new byte[]?[PlacesMax];
    private readonly int[] _lengths = new int[PlacesMax];

    public bool TryFind(scoped in TKey key, out ReadOnlySpan<byte> piece)
    {
        int place = key.Place & (PlacesMax - 1);
        if (_pieces[place] is { } known && _keys[place].Is(key))
        {
            piece = known.AsSpan(0, _lengths[place]);
            return true;
        }

        piece = default;
        return false;
    }

    public void Put(in TKey key, ReadOnlySpan<byte> piece)
    {
        int place = key.Place & (PlacesMax - 1);
        byte[] bytes = _pieces[place] is { } used && used.Length >= piece.Length ? used : new byte[piece.Length];
        piece.CopyTo(bytes);
        (_keys[place], _pieces[place], _lengths[place]) = (key, bytes, piece.Length);
    }
}
