using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Words and phrases, compared as LetterForms has their letters and with any white space, up to a bound, for a space.
/// Made once, then read by any thread.
/// </summary>
internal sealed class PhraseTrie
{
    private const byte Space = (byte)' ';
    private const int BeginningDepth = 3;

    private static readonly byte[] Spaces = [Space, (byte)'\t', (byte)'\r', (byte)'\n'];
    private readonly List<Node> _nodes = [new Node()];

    public PhraseTrie(IEnumerable<string> phrases)
    {
        foreach (string phrase in phrases)
        {
            Add(phrase);
        }
    }

    /// <summary>Bytes of the longest, as compared.</summary>
    public int BytesMax { get; private set; }

    /// <summary>What something in it may begin with, in any form and with any white space.</summary>
    public Beginning[] Beginnings()
    {
        // A letter that is ASCII may be written by some that are not, one that is not by any that is not.
        var beginnings = new List<Beginning>
        {
            new(HasNotAscii(0) ? Beginning.NotAscii : [.. LetterForms.FirstBytes], null, null),
        };
        AddBeginnings(beginnings, node: 0, []);
        return [.. beginnings];
    }

    /// <summary>Where a byte leads from a node; -1 nowhere. The root is 0.</summary>
    public int Step(int node, byte value)
    {
        for (int child = _nodes[node].FirstChild; child > 0; child = _nodes[child].Sibling)
        {
            if (_nodes[child].Value == value)
            {
                return child;
            }
        }

        return -1;
    }

    public bool IsEnd(int node) => _nodes[node].IsEnd;

    private void Add(string phrase)
    {
        string text = Folded(string.Join(' ', phrase.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length == 0)
        {
            return;
        }

        BytesMax = Math.Max(BytesMax, bytes.Length);
        int node = 0;
        foreach (byte value in bytes)
        {
            int child = Step(node, value);
            if (child < 0)
            {
                child = _nodes.Count;
                _nodes.Add(new Node { Value = value, Sibling = _nodes[node].FirstChild });
                _nodes[node] = _nodes[node] with { FirstChild = child };
            }

            node = child;
        }

        _nodes[node] = _nodes[node] with { IsEnd = true };
    }

    private static string Folded(string phrase)
    {
        var folded = new StringBuilder();
        foreach (Rune rune in phrase.EnumerateRunes())
        {
            folded.Append(LetterForms.IsUnseen(rune) ? "" : LetterForms.Fold(rune).ToString());
        }

        return folded.ToString();
    }

    // Behind what may be of more bytes, several spaces, another form, or signs that nobody sees, any byte may be next.
    private void AddBeginnings(List<Beginning> beginnings, int node, byte[][] before)
    {
        if (before.Length == BeginningDepth || (before.Length > 0 && _nodes[node].IsEnd))
        {
            beginnings.Add(OfSets(before));
            return;
        }

        if (before.Length > 0)
        {
            beginnings.Add(OfSets([.. before, Beginning.NotAscii]));
        }

        for (int child = _nodes[node].FirstChild; child > 0; child = _nodes[child].Sibling)
        {
            byte value = _nodes[child].Value;
            if (value == Space)
            {
                beginnings.Add(OfSets([.. before, Spaces]));
            }
            else if (value < 0x80)
            {
                byte[] cases = Letters.IsLetter(value) ? [value, (byte)(value & ~0x20)] : [value];
                AddBeginnings(beginnings, child, [.. before, cases]);
            }
        }
    }

    private bool HasNotAscii(int node)
    {
        bool isOne = false;
        for (int child = _nodes[node].FirstChild; child > 0; child = _nodes[child].Sibling)
        {
            isOne |= _nodes[child].Value >= 0x80;
        }

        return isOne;
    }

    private static Beginning OfSets(byte[][] sets) =>
        new(sets[0], sets.Length > 1 ? sets[1] : null, sets.Length > 2 ? sets[2] : null);

    private readonly record struct Node
    {
        public byte Value { get; init; }

        public int FirstChild { get; init; }

        public int Sibling { get; init; }

        public bool IsEnd { get; init; }
    }

    /// <summary>What stands for a space.</summary>
    public static bool IsSpace(byte value) => value is Space or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
