using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// Counts the open connections of an entrypoint, in all and per client address (IPv6 per /64, which is what one
/// customer is
/// given). Shared by all loops; taken once per connection, not per request.
/// </summary>
internal sealed class ConnectionLimiter
{
    private readonly Dictionary<IpAddress, int> _perAddress = [];
    private readonly Lock _lock = new();
    private int _count;

    /// <summary>Connections counted now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Takes a place; false if that would pass <paramref name="max"/> or <paramref name="perAddressMax"/> (0: none).
    /// </summary>
    public bool TryEnter(IpAddress address, int max, int perAddressMax)
    {
        if (Interlocked.Increment(ref _count) > max)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        if (TryCountAddress(Key(address), perAddressMax))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Gives a place back; once per successful <see cref="TryEnter"/>.</summary>
    public void Leave(IpAddress address)
    {
        Interlocked.Decrement(ref _count);
        IpAddress key = Key(address);
        lock (_lock)
        {
            if (_perAddress.TryGetValue(key, out int count))
            {
                if (count <= 1)
                {
                    _perAddress.Remove(key);
                }
                else
                {
                    _perAddress[key] = count - 1;
                }
            }
        }
    }

    // Counted even when there is no limit, so that a reload that sets one finds the truth.
    private bool TryCountAddress(IpAddress key, int perAddressMax)
    {
        lock (_lock)
        {
            _perAddress.TryGetValue(key, out int count);
            if (perAddressMax > 0 && count >= perAddressMax)
            {
                return false;
            }

            _perAddress[key] = count + 1;
            return true;
        }
    }

    private static IpAddress Key(IpAddress address) => address.IsV4 ? address : address.Network(64);
}
