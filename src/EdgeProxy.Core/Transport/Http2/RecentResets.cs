using System;

namespace EdgeProxy.Transport.Http2;

/// <summary>
/// Which of a client's last <see cref="Http2Limits.StreamsRemembered"/> streams were reset here: one bit each, so that
/// what was on its way to them is told from a mistake (RFC 9113 section 5.1). Of older ones nothing is known.
/// </summary>
internal readonly struct RecentResets()
{
    private const int WordBits = 64;

    private readonly ulong[] _bits = new ulong[Http2Limits.StreamsRemembered / WordBits];

    /// <summary>The client's streams go on from one to another, of which nothing is known yet.</summary>
    public void Advance(int lastId, int id)
    {
        int first = (lastId / 2) + 1;
        int last = id / 2;
        if (last - first >= Http2Limits.StreamsRemembered)
        {
            _bits.AsSpan().Clear();
            return;
        }

        for (int place = first; place <= last; place++)
        {
            WordOf(place) &= ~BitOf(place);
        }
    }

    public void Add(int id) => WordOf(id / 2) |= BitOf(id / 2);

    /// <summary>It was, or is too long ago to tell.</summary>
    public bool MayHold(int id, int lastId) =>
        (lastId - id) / 2 >= Http2Limits.StreamsRemembered || (WordOf(id / 2) & BitOf(id / 2)) != 0;

    private static ulong BitOf(int place) => 1UL << (place % WordBits);

    private ref ulong WordOf(int place) =>
        ref _bits[place / WordBits % (Http2Limits.StreamsRemembered / WordBits)];
}
