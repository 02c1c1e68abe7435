using System;
using System.Collections.Generic;

namespace EdgeProxy.Primitives.Detection;

/// <summary>A detector of what is told by what it begins with: it is tried wherever that may be.</summary>
/// <param name="beginnings">All it may begin with: elsewhere <see cref="Match"/> would say 0.</param>
internal abstract class PlaceDetector(params Beginning[] beginnings) : Detector
{
    /// <summary>The outcome depends on bytes that are not here.</summary>
    protected const int NeedMore = -1;

    private readonly BeginningFilter _beginnings = new(beginnings);

    public sealed override void Scan(
        ReadOnlySpan<byte> text, bool isEnd, ref DetectorState state, List<Finding> findings, int rule)
    {
        int at = state.At;
        while (true)
        {
            if (state.Mode != 0)
            {
                int start = at;
                bool isOver = Continue(text, ref at, isEnd, state.Mode);
                if (at > start)
                {
                    findings.Add(new Finding(start, at, rule, Continues: true));
                }

                if (!isOver)
                {
                    break;
                }

                state.Mode = 0;
            }

            int next = _beginnings.IndexOf(text[at..]);
            if (next < 0)
            {
                at = text.Length;
                break;
            }

            at += next;
            if (!MayBegin(text, at))
            {
                at++;
                continue;
            }

            int length = Match(text, at, isEnd, out state.Mode);
            if (length == NeedMore)
            {
                state.Mode = 0;
                break;
            }

            if (length > 0)
            {
                findings.Add(new Finding(at, at + length, rule, Continues: false));
            }

            at += Math.Max(1, length);
        }

        state.At = at;
    }

    /// <summary>What is looked for may begin at a place: by what stands before it, as far as it is here.</summary>
    protected virtual bool MayBegin(ReadOnlySpan<byte> text, int at) =>
        at == 0 || MayFollow(text[at - 1]) || IsBehindEscape(text, at);

    // The n of \n is no letter before what is looked for: a text may be JSON or code itself.
    private static bool IsBehindEscape(ReadOnlySpan<byte> text, int at) =>
        at > 1 && text[at - 2] == (byte)'\\' && text[at - 1] is (byte)'n' or (byte)'r' or (byte)'t';

    /// <summary>What is looked for may begin behind this byte.</summary>
    protected virtual bool MayFollow(byte before) => !Letters.IsAlphanumeric(before);

    /// <summary>
    /// Bytes of what begins at a place; 0 if nothing does; NeedMore, never at the end of the text.
    /// </summary>
    /// <param name="mode">Not 0: it goes on, <see cref="Continue"/> says how far.</param>
    protected abstract int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode);

    /// <summary>Moves on within a finding; false if its end is not here yet.</summary>
    protected virtual bool Continue(ReadOnlySpan<byte> text, ref int at, bool isEnd, int mode) => true;
}
