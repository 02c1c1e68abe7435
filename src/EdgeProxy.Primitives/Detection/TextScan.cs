using System;
using System.Collections.Generic;

namespace EdgeProxy.Primitives.Detection;

/// <summary>What a rule does about a finding.</summary>
internal enum FindingAction : byte
{
    /// <summary>It is counted and told of; the text stays.</summary>
    Flag,

    /// <summary>Another text stands in its place.</summary>
    Mask,

    /// <summary>The text ends before it.</summary>
    Block,
}

/// <summary>A detector, and what is done about what it finds.</summary>
internal readonly record struct DetectionRule(Detector Detector, FindingAction Action);

/// <summary>A part of a text whose lot is decided.</summary>
/// <param name="Rule">Number of the rule that it is masked by; -1: it stays.</param>
/// <param name="Begins">The mask's place: the first part of what is masked.</param>
internal readonly record struct Piece(int Start, int End, int Rule, bool Begins);

/// <summary>
/// One text under a list of rules, in pieces: which parts of it stay and which are masked, the same whatever the
/// pieces. Masked findings that overlap are one, with the mask of the first. Keeps places only; whoever has the text
/// keeps at least what <see cref="Kept"/> says. Reused.
/// </summary>
internal sealed class TextScan(DetectionRule[] rules)
{
    private readonly DetectorState[] _states = new DetectorState[rules.Length];
    private readonly List<Finding> _found = [];
    private readonly List<Finding> _masks = []; // by their starts; those not passed yet
    private int _nextMask;
    private int _decided;
    private int _told;
    private int _maskedTo;
    private int _maskedBy;
    private int _blockedAt;
    private int _blockedBy;

    /// <summary>Findings of each rule so far.</summary>
    public int[] Counts { get; } = new int[rules.Length];

    /// <summary>Bytes before the last piece that a detector looks at.</summary>
    public const int ContextBytes = 6;

    /// <summary>The rule that ends the text; -1 if none does.</summary>
    public int BlockedBy => _blockedBy;

    /// <summary>The first byte that is still needed.</summary>
    public int Kept
    {
        get
        {
            int kept = _told;
            foreach (DetectorState state in _states)
            {
                kept = Math.Min(kept, state.At);
            }

            return Math.Max(0, kept - ContextBytes);
        }
    }

    /// <summary>Where what is masked by the piece told last ends, as far as that is known.</summary>
    public int MaskedTo => _maskedTo;

    /// <summary>All that was decided was told.</summary>
    public int Told => _told;

    public void Begin()
    {
        Array.Clear(_states);
        Array.Clear(Counts);
        _masks.Clear();
        _nextMask = 0;
        _decided = 0;
        _told = 0;
        _maskedTo = 0;
        _maskedBy = -1;
        _blockedAt = int.MaxValue;
        _blockedBy = -1;
    }

    /// <summary>The text got longer, or came to its end. <see cref="Next"/> tells what is decided now.</summary>
    public void Scan(ReadOnlySpan<byte> text, bool isEnd)
    {
        _decided = text.Length;
        for (int rule = 0; rule < rules.Length; rule++)
        {
            _found.Clear();
            ref DetectorState state = ref _states[rule];
            rules[rule].Detector.Scan(text, isEnd, ref state, _found, rule);
            if (rules[rule].Action != FindingAction.Flag)
            {
                _decided = Math.Min(_decided, state.At);
            }

            foreach (Finding finding in _found)
            {
                Take(finding);
            }
        }
    }

    /// <summary>The next part of the text, in order; false if no more is decided.</summary>
    public bool Next(out Piece piece)
    {
        int end = Math.Min(_decided, _blockedAt);
        piece = default;
        if (_told >= end)
        {
            return false;
        }

        // Masks that begin within the one at hand, or go on with it, make it longer.
        while (_nextMask < _masks.Count && (_masks[_nextMask].Start < _maskedTo
            || (_masks[_nextMask].Start == _maskedTo && _masks[_nextMask].Continues)))
        {
            _maskedTo = Math.Max(_maskedTo, _masks[_nextMask++].End);
        }

        bool begins = false;
        if (_told >= _maskedTo)
        {
            int start = _nextMask < _masks.Count ? _masks[_nextMask].Start : int.MaxValue;
            if (start > _told)
            {
                piece = new Piece(_told, Math.Min(end, start), Rule: -1, Begins: false);
                _told = piece.End;
                return true;
            }

            begins = true;
            _maskedBy = _masks[_nextMask].Rule;
            _maskedTo = _masks[_nextMask++].End;
            while (_nextMask < _masks.Count && _masks[_nextMask].Start < _maskedTo)
            {
                _maskedTo = Math.Max(_maskedTo, _masks[_nextMask++].End);
            }
        }

        piece = new Piece(_told, Math.Min(end, _maskedTo), _maskedBy, begins);
        _told = piece.End;
        return true;
    }

    /// <summary>The text's first bytes, no more than <see cref="Kept"/>, are gone: places count from there.</summary>
    public void Drop(int count)
    {
        foreach (ref DetectorState state in _states.AsSpan())
        {
            state.At -= count;
        }

        _masks.RemoveRange(0, _nextMask);
        _nextMask = 0;
        for (int i = 0; i < _masks.Count; i++)
        {
            _masks[i] = _masks[i] with { Start = _masks[i].Start - count, End = _masks[i].End - count };
        }

        _decided -= count;
        _told -= count;
        _maskedTo -= count;
        _blockedAt -= _blockedAt == int.MaxValue ? 0 : count;
    }

    private void Take(Finding finding)
    {
        Counts[finding.Rule] += finding.Continues ? 0 : 1;
        switch (rules[finding.Rule].Action)
        {
            case FindingAction.Block when finding.Start < _blockedAt:
                _blockedAt = finding.Start;
                _blockedBy = finding.Rule;
                break;
            case FindingAction.Mask:
                int place = _masks.Count;
                while (place > _nextMask && IsBefore(finding, _masks[place - 1]))
                {
                    place--;
                }

                _masks.Insert(place, finding);
                break;
        }
    }

    // What goes on comes before what begins there; the first rule before the others.
    private static bool IsBefore(in Finding one, in Finding other) =>
        one.Start != other.Start ? one.Start < other.Start
        : one.Continues != other.Continues ? one.Continues
        : one.Rule < other.Rule;
}
