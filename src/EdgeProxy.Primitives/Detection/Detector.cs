using System;
using System.Collections.Generic;

namespace EdgeProxy.Primitives.Detection;

/// <summary>How far a <see cref="Detector"/> is in one text; the start is <c>default</c>.</summary>
internal struct DetectorState
{
    /// <summary>Everything before it is decided: no finding begins there that was not told.</summary>
    public int At;

    /// <summary>Within a finding whose end is not in sight: the detector's own number for it; 0 if not.</summary>
    public int Mode;
}

/// <summary>Bytes of a text that a rule is about.</summary>
/// <param name="Rule">Number of the rule.</param>
/// <param name="Continues">It is more of the rule's finding that ended where this one starts.</param>
internal readonly record struct Finding(int Start, int End, int Rule, bool Continues);

/// <summary>
/// Finds one kind of thing in a text of UTF-8 that comes in pieces. What it finds depends on the text alone, never on
/// where it was cut: as long as the outcome at a place may depend on bytes that are not here yet, it waits there. It
/// keeps nothing itself, so one serves all threads; time is linear in the text.
/// </summary>
internal abstract class Detector
{
    /// <summary>Most bytes it waits with.</summary>
    public abstract int HeldBytesMax { get; }

    /// <summary>Looks on from <see cref="DetectorState.At"/> on, which moves to the first undecided byte.</summary>
    /// <param name="text">From the start of the text, or with at least six bytes of what is before the place.</param>
    /// <param name="isEnd">Nothing comes after it; all of it is decided then.</param>
    public abstract void Scan(
        ReadOnlySpan<byte> text, bool isEnd, ref DetectorState state, List<Finding> findings, int rule);
}
