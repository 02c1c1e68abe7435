using System;
using System.Runtime.CompilerServices;

namespace EdgeProxy.Routing;

/// <summary>
/// Radix tries over canonical paths, one per host group, all in the same flat arrays: no node objects, no locks,
/// nothing allocated. A walk visits at most one node per byte of the path and stops where the configured paths part
/// from it.
/// </summary>
internal sealed class PathTrie(
    PathNode[] nodes, byte[] firstBytes, byte[] labels, RouteLeaf[] leaves, Literal[] literals)
{
    /// <summary>Nodes with leaves on one way down that are kept for later; more are asked at once.</summary>
    public const int PendingMax = 16;

    public int NodeCount => nodes.Length;

    public int LeafCount => leaves.Length;

    public int LiteralCount => literals.Length;

    public int LabelBytes => labels.Length;

    /// <summary>
    /// The lowest rank below <paramref name="best"/> that takes the request, else <paramref name="best"/>.
    /// </summary>
    [SkipLocalsInit]
    public int Best(int root, in RouteQuery query, int best)
    {
        // Deep nodes are asked first: they are narrower, so they mostly win and the costly questions of the others are
        // not put.
        Span<(int Node, int Start)> pending = stackalloc (int, int)[PendingMax];
        int count = 0;
        ReadOnlySpan<byte> path = query.Path;
        int depth = 0;
        for (int at = root; ;)
        {
            ref readonly PathNode node = ref nodes[at];
            if (node.BestRank >= best)
            {
                break;
            }

            int start = depth == path.Length ? node.LeavesStart : path[depth] == '/' ? node.ExactEnd : node.SegmentEnd;
            if (start < node.LeavesEnd)
            {
                if (count == PendingMax)
                {
                    best = Ask(node, start, query, best);
                }
                else
                {
                    pending[count++] = (at, start);
                }
            }

            if (depth == path.Length || (at = Child(node, path, ref depth)) < 0)
            {
                break;
            }
        }

        while (count > 0)
        {
            (int at, int start) = pending[--count];
            best = Ask(nodes[at], start, query, best);
        }

        return best;
    }

    /// <summary>Tells of every rank that takes the request, in no order.</summary>
    public void Collect(int root, in RouteQuery query, OpenRoutes found)
    {
        ReadOnlySpan<byte> path = query.Path;
        int depth = 0;
        for (int at = root; at >= 0;)
        {
            ref readonly PathNode node = ref nodes[at];
            int start = depth == path.Length ? node.LeavesStart : path[depth] == '/' ? node.ExactEnd : node.SegmentEnd;
            for (int i = start; i < node.LeavesEnd; i++)
            {
                if (Holds(leaves[i], query))
                {
                    found.Add(leaves[i].Rank);
                }
            }

            if (depth == path.Length)
            {
                return;
            }

            at = Child(node, path, ref depth);
        }
    }

    private int Child(in PathNode node, ReadOnlySpan<byte> path, ref int depth)
    {
        int index = firstBytes.AsSpan(node.FirstChild, node.ChildCount).IndexOf(path[depth]);
        if (index < 0)
        {
            return -1;
        }

        ref readonly PathNode child = ref nodes[node.FirstChild + index];
        if (child.LabelLength > 1
            && !path[depth..].StartsWith(labels.AsSpan(child.LabelStart, child.LabelLength)))
        {
            return -1;
        }

        depth += child.LabelLength;
        return node.FirstChild + index;
    }

    private int Ask(in PathNode node, int start, in RouteQuery query, int best)
    {
        if (start < node.ExactEnd)
        {
            best = Ask(start, node.ExactEnd, query, best);
        }

        if (start < node.SegmentEnd)
        {
            best = Ask(Math.Max(start, node.ExactEnd), node.SegmentEnd, query, best);
        }

        return Ask(Math.Max(start, node.SegmentEnd), node.LeavesEnd, query, best);
    }

    // Sorted by rank: the first that takes the request is the best of this list.
    private int Ask(int start, int end, in RouteQuery query, int best)
    {
        for (int i = start; i < end; i++)
        {
            ref readonly RouteLeaf leaf = ref leaves[i];
            if (leaf.Rank >= best)
            {
                break;
            }

            if (Holds(leaf, query))
            {
                return leaf.Rank;
            }
        }

        return best;
    }

    private bool Holds(in RouteLeaf leaf, in RouteQuery query) =>
        (leaf.Methods >> (int)query.Head.Method & 1) != 0 && (leaf.LiteralCount == 0 || AllHold(leaf, query));

    private bool AllHold(in RouteLeaf leaf, in RouteQuery query)
    {
        foreach (ref readonly Literal literal in literals.AsSpan(leaf.LiteralStart, leaf.LiteralCount))
        {
            if (!literal.Holds(query))
            {
                return false;
            }
        }

        return true;
    }
}
