using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// The servers an exchange was sent to already, by their place in the service; none is tried twice while another can
/// be.
/// </summary>
internal struct TriedServers
{
    /// <summary>Tries one exchange may have at most.</summary>
    public const int Max = 8;

    private const int PlaceBits = 16;

    // One place beside the other, the last one lowest.
    private UInt128 _places;

    public int Count { get; private set; }

    /// <summary>The one added last; one must have been.</summary>
    public readonly int Last => (ushort)_places;

    public readonly bool Contains(int place)
    {
        UInt128 places = _places;
        for (int i = 0; i < Count; i++, places >>= PlaceBits)
        {
            if ((ushort)places == place)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A place beyond <see cref="Max"/> is not remembered: nobody tries that often.</summary>
    public void Add(int place)
    {
        if (Count < Max)
        {
            _places = (_places << PlaceBits) | (ushort)place;
            Count++;
        }
    }
}
