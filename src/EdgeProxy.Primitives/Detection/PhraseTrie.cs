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
    private readonly List<Node> _nodes = [new Node()];
    private readonly HashSet<byte> _starts = [];

    public PhraseTrie(IEnumerable<string> phrases)
    {
        foreach (string phrase in phrases)
        {
            Add(phrase);
        }
    }

    /// <summary>Bytes of the longest, as compared.</summary>
    public int BytesMax { get; private set; }

    /// <summary>Bytes that something in it may begin with, in either case.</summary>
    public byte[] FirstBytes()
    {
        var bytes = new byte[_starts.Count];
        _starts.CopyTo(bytes);
        return bytes;
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

        AddStarts(text, bytes[0]);
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

    // Another form may begin with another byte: of a letter that is no ASCII, any that such a rune begins with.
    private void AddStarts(string text, byte first)
    {
        if (first < 0x80)
        {
            _starts.Add(first);
            _starts.Add((byte)char.ToUpperInvariant(text[0]));
            foreach (byte other in LetterForms.FirstBytes)
            {
                _starts.Add(other);
            }

            return;
        }

        for (int value = 0xC2; value <= 0xF4; value++)
        {
            _starts.Add((byte)value);
        }
    }

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
