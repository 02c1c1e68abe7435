using System;
using System.Collections.Generic;
using System.Numerics;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>
/// The Merkle tree of a segment's records (RFC 6962 section 2.1), grown leaf by leaf: it keeps one hash for each whole
/// subtree, so a root costs their number and nothing is kept per record.
/// </summary>
internal sealed class MerkleTree
{
    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;
    private const int LevelsMax = 64;

    private readonly byte[] _subtrees = new byte[LevelsMax * Sha256.HashBytes];

    public long Count { get; private set; }

    public static void LeafHash(ReadOnlySpan<byte> record, Span<byte> hash)
    {
        var running = new Sha256();
        running.Append([LeafPrefix]);
        running.Append(record);
        running.End(hash);
    }

    public void Add(ReadOnlySpan<byte> record)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        LeafHash(record, hash);
        AddLeaf(hash);
    }

    public void AddLeaf(Span<byte> hash)
    {
        // As a binary counter: each bit that carries joins two subtrees of the same size.
        int level = BitOperations.TrailingZeroCount(~Count);
        for (int i = 0; i < level; i++)
        {
            Join(Subtree(i), hash, hash);
        }

        hash.CopyTo(Subtree(level));
        Count++;
    }

    public byte[] Root()
    {
        if (Count == 0)
        {
            return Sha256.Of([]);
        }

        byte[] root = new byte[Sha256.HashBytes];
        bool isFirst = true;
        for (int level = 0; level < LevelsMax; level++)
        {
            if ((Count >> level & 1) == 0)
            {
                continue;
            }

            if (isFirst)
            {
                Subtree(level).CopyTo(root);
                isFirst = false;
            }
            else
            {
                Join(Subtree(level), root, root);
            }
        }

        return root;
    }

    public void CopyFrom(MerkleTree other)
    {
        other._subtrees.CopyTo(_subtrees, 0);
        Count = other.Count;
    }

    public void Reset() => Count = 0;

    /// <summary>PATH(m, D[n]) of section 2.1.1: what joins a leaf to the root, from the leaf up.</summary>
    public static List<byte[]> Path(ReadOnlySpan<byte[]> leaves, int index)
    {
        var path = new List<byte[]>();
        while (leaves.Length > 1)
        {
            int split = 1 << (31 - BitOperations.LeadingZeroCount((uint)(leaves.Length - 1)));
            bool isLeft = index < split;
            path.Insert(0, RootOf(isLeft ? leaves[split..] : leaves[..split]));
            leaves = isLeft ? leaves[..split] : leaves[split..];
            index -= isLeft ? 0 : split;
        }

        return path;
    }

    /// <summary>The root that a leaf and its path give, as RFC 9162 section 2.1.3.2; null if they do not fit.</summary>
    public static byte[]? RootBy(byte[] leaf, long index, long count, IReadOnlyList<byte[]> path)
    {
        if (index < 0 || index >= count)
        {
            return null;
        }

        byte[] root = [.. leaf];
        long at = index;
        long last = count - 1;
        foreach (byte[] other in path)
        {
            if (last == 0 || other.Length != Sha256.HashBytes)
            {
                return null;
            }

            if ((at & 1) == 1 || at == last)
            {
                Join(other, root, root);
                while ((at & 1) == 0 && at != 0)
                {
                    at >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                Join(root, other, root);
            }

            at >>= 1;
            last >>= 1;
        }

        return last == 0 ? root : null;
    }

    private static byte[] RootOf(ReadOnlySpan<byte[]> leaves)
    {
        var tree = new MerkleTree();
        byte[] leaf = new byte[Sha256.HashBytes];
        foreach (byte[] hash in leaves)
        {
            hash.CopyTo(leaf, 0);
            tree.AddLeaf(leaf);
        }

        return tree.Root();
    }

    private static void Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Sha256.HashBytes)];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Sha256.HashBytes)..]);
        Sha256.Write(input, hash);
    }

    private Span<byte> Subtree(int level) => _subtrees.AsSpan(level * Sha256.HashBytes, Sha256.HashBytes);
}
