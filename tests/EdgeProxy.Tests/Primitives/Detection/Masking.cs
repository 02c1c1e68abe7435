using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Detection;

/// <summary>Puts texts through a <see cref="TextScan"/> in pieces: a mask is [ and the rule's number and ].</summary>
internal sealed class Masking(params DetectionRule[] rules)
{
    private readonly TextScan _scan = new(rules);
    private readonly List<byte> _kept = [];
    private readonly List<byte> _output = [];

    public int HeldMost { get; private set; }

    public int Count(int rule) => _scan.Counts[rule];

    public static Masking Of(Detector detector) => new(new DetectionRule(detector, FindingAction.Mask));

    public string Whole(string text) => Pieces(Encoding.UTF8.GetBytes(text), []);

    /// <param name="cuts">Where the text is cut, in order.</param>
    public string Pieces(byte[] text, int[] cuts)
    {
        _scan.Begin();
        _kept.Clear();
        _output.Clear();
        HeldMost = 0;
        int from = 0;
        foreach (int cut in cuts)
        {
            Take(text.AsSpan(from, cut - from), isEnd: false);
            from = cut;
        }

        Take(text.AsSpan(from), isEnd: true);
        return Encoding.UTF8.GetString([.. _output]);
    }

    /// <summary>Every cut into two, and one byte at a time: always the same. Returns it.</summary>
    public string Anyhow(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        string whole = Pieces(bytes, []);
        int[] counts = [.. _scan.Counts];
        int[] all = new int[bytes.Length];
        for (int cut = 0; cut < bytes.Length; cut++)
        {
            all[cut] = cut;
            Assert.Equal(whole, Pieces(bytes, [cut]));
            Assert.Equal(counts, _scan.Counts);
        }

        Assert.Equal(whole, Pieces(bytes, all));
        Assert.Equal(counts, _scan.Counts);
        return whole;
    }

    private void Take(ReadOnlySpan<byte> piece, bool isEnd)
    {
        _kept.AddRange(piece);
        byte[] text = [.. _kept];
        _scan.Scan(text, isEnd);
        while (_scan.Next(out Piece part))
        {
            if (part.Rule < 0)
            {
                _output.AddRange(text.AsSpan(part.Start, part.End - part.Start));
            }
            else if (part.Begins)
            {
                _output.AddRange(Encoding.ASCII.GetBytes($"[{part.Rule}]"));
            }
        }

        HeldMost = Math.Max(HeldMost, text.Length - _scan.Told);
        int gone = _scan.Kept;
        _kept.RemoveRange(0, gone);
        _scan.Drop(gone);
    }
}
