using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>Where the chain ends. Kept twice: as written, and as known to be on the disk.</summary>
internal sealed class ChainState
{
    /// <summary>Number of the last record; 0 before the first.</summary>
    public ulong Seq { get; set; }

    /// <summary>Hash of the last frame.</summary>
    public byte[] Hash { get; } = new byte[Sha256.HashBytes];

    /// <summary>The records of the open segment.</summary>
    public MerkleTree Tree { get; } = new();

    /// <summary>Of the open segment, else of the one closed last; 0 before the first.</summary>
    public ulong SegmentNumber { get; set; }

    /// <summary>Bytes of the open segment.</summary>
    public long Length { get; set; }

    public long CreatedMs { get; set; }

    /// <summary>There is a segment without a footer.</summary>
    public bool IsOpen { get; set; }

    public void CopyFrom(ChainState other)
    {
        Seq = other.Seq;
        other.Hash.CopyTo(Hash, 0);
        Tree.CopyFrom(other.Tree);
        SegmentNumber = other.SegmentNumber;
        Length = other.Length;
        CreatedMs = other.CreatedMs;
        IsOpen = other.IsOpen;
    }
}
