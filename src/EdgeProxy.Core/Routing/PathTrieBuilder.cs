using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Routing;

/// <summary>
/// Files conjunctions under their paths and lays the tries out flat; iterative, so deep paths cost no stack.
/// </summary>
internal sealed class PathTrieBuilder
{
    private readonly List<PathNode> _nodes = [];
    private readonly List<byte> _firstBytes = [];
    private readonly List<byte> _labels = [];
    private readonly List<RouteLeaf> _leaves = [];
    private readonly List<Literal> _literals = [];
    private readonly Queue<Span> _open = new();

    private enum Ending : byte
    {
        Path,
        Segment,
        Anywhere,
    }

    /// <summary>Adds one trie for conjunctions in the order of their ranks; the number is its root.</summary>
    public int Add(List<(Conjunction Conjunction, int Rank)> members)
    {
        var entries = new Entry[members.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = Entry.Of(members[i].Conjunction, members[i].Rank);
        }

        Array.Sort(entries);
        int root = _nodes.Count;
        Place(new Span(0, entries.Length, 0), label: []);
        while (_open.TryDequeue(out Span span))
        {
            Fill(span, entries);
        }

        // Children come after their parents, so one pass backwards carries the best rank up to the root.
        for (int i = _nodes.Count - 1; i >= root; i--)
        {
            _nodes[i] = _nodes[i] with { BestRank = BestRank(_nodes[i]) };
        }

        return root;
    }

    public PathTrie Build() => new([.. _nodes], [.. _firstBytes], [.. _labels], [.. _leaves], [.. _literals]);

    private void Place(Span span, ReadOnlySpan<byte> label)
    {
        _open.Enqueue(span with { Node = _nodes.Count });
        _nodes.Add(new PathNode(_labels.Count, label.Length, 0, 0, 0, 0, 0, 0, int.MaxValue));
        _firstBytes.Add(label.IsEmpty ? (byte)0 : label[0]);
        _labels.AddRange(label);
    }

    // The entries of a span share their first Depth bytes; those that have no more end here, the others part by their
    // next byte.
    private void Fill(Span span, Entry[] entries)
    {
        int at = span.Start;
        int leavesStart = _leaves.Count;
        int exactEnd = AddLeaves(entries, ref at, span, Ending.Path);
        int segmentEnd = AddLeaves(entries, ref at, span, Ending.Segment);
        int leavesEnd = AddLeaves(entries, ref at, span, Ending.Anywhere);
        int firstChild = _nodes.Count;
        while (at < span.End)
        {
            byte next = entries[at].Path[span.Depth];
            int end = at + 1;
            while (end < span.End && entries[end].Path[span.Depth] == next)
            {
                end++;
            }

            // Sorted, so what the first and the last share, all share.
            ReadOnlySpan<byte> first = entries[at].Path.AsSpan(span.Depth);
            int shared = first.CommonPrefixLength(entries[end - 1].Path.AsSpan(span.Depth));
            Place(new Span(at, end, span.Depth + shared), first[..shared]);
            at = end;
        }

        _nodes[span.Node] = _nodes[span.Node] with
        {
            FirstChild = firstChild,
            ChildCount = _nodes.Count - firstChild,
            LeavesStart = leavesStart,
            ExactEnd = exactEnd,
            SegmentEnd = segmentEnd,
            LeavesEnd = leavesEnd,
        };
    }

    private int AddLeaves(Entry[] entries, ref int at, Span span, Ending ending)
    {
        for (; at < span.End && entries[at].Path.Length == span.Depth && entries[at].Ending == ending; at++)
        {
            int literalStart = _literals.Count;
            ushort methods = ushort.MaxValue;
            foreach (Literal literal in entries[at].Conjunction.Literals)
            {
                if (!Narrows(literal, ref methods) && !IsFiled(literal, entries[at].Conjunction))
                {
                    _literals.Add(literal);
                }
            }

            int count = _literals.Count - literalStart;
            _leaves.Add(new RouteLeaf(entries[at].Rank, methods, checked((ushort)count), literalStart));
        }

        return _leaves.Count;
    }

    private static bool Narrows(Literal literal, ref ushort methods)
    {
        Matcher matcher = literal.Matcher;
        if (matcher.Kind != MatcherKind.Method || matcher.Method == Method.Other)
        {
            return false;
        }

        int bit = 1 << (int)matcher.Method;
        methods &= (ushort)(literal.Negated ? ~bit : bit);
        return true;
    }

    // Whoever gets as far as the leaf has proven these; a model is asked about when its name is there.
    private static bool IsFiled(Literal literal, Conjunction conjunction) =>
        literal.Matcher.Kind == MatcherKind.Model
        || (!literal.Negated && literal.Matcher.Kind switch
        {
            MatcherKind.Host or MatcherKind.HostWildcard => literal.Matcher == conjunction.Host,
            MatcherKind.Path or MatcherKind.PathPrefix => literal.Matcher == conjunction.Path,
            _ => false,
        });

    private int BestRank(in PathNode node)
    {
        int best = int.MaxValue;
        for (int i = node.LeavesStart; i < node.LeavesEnd; i++)
        {
            best = Math.Min(best, _leaves[i].Rank);
        }

        for (int i = 0; i < node.ChildCount; i++)
        {
            best = Math.Min(best, _nodes[node.FirstChild + i].BestRank);
        }

        return best;
    }

    private readonly record struct Span(int Start, int End, int Depth, int Node = 0);

    private readonly record struct Entry(byte[] Path, Ending Ending, int Rank, Conjunction Conjunction)
        : IComparable<Entry>
    {
        public static Entry Of(Conjunction conjunction, int rank)
        {
            if (conjunction.Path is not { } path)
            {
                return new Entry([], Ending.Anywhere, rank, conjunction);
            }

            byte[] text = path.Pattern is { } pattern ? pattern.LiteralPrefix.ToArray() : path.ValueBytes.ToArray();
            Ending ending = path.Kind switch
            {
                MatcherKind.Path => Ending.Path,
                MatcherKind.PathPrefix when text[^1] != '/' => Ending.Segment,
                _ => Ending.Anywhere,
            };
            return new Entry(text, ending, rank, conjunction);
        }

        public int CompareTo(Entry other)
        {
            int order = Path.AsSpan().SequenceCompareTo(other.Path);
            if (order == 0)
            {
                order = Ending.CompareTo(other.Ending);
            }

            return order != 0 ? order : Rank.CompareTo(other.Rank);
        }
    }
}
