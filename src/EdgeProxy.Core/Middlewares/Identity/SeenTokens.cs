using System;
using System.Security.Cryptography;
using System.Threading;
using EdgeProxy.Primitives.Limits;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// Tokens whose signature was right, with what they said. Found by a hash with a key of the process and then compared
/// byte by byte, so that a hash that collides is a miss and never another's identity. Read by all loops without a lock;
/// one of two places per hash, the newer token takes the older one's.
/// </summary>
internal sealed class SeenTokens(int placesMax)
{
    private const int Ways = 2;

    private readonly KeyHash _hash = KeyHash.Random();
    private readonly Entry?[] _entries = new Entry?[placesMax / Ways * Ways];

    /// <summary>Null if it was not seen, or was forgotten.</summary>
    public TokenFacts? Find(ReadOnlySpan<byte> token)
    {
        int first = PlaceOf(token);
        for (int i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref _entries[i]) is { } entry
                && CryptographicOperations.FixedTimeEquals(entry.Token, token))
            {
                return entry.Facts;
            }
        }

        return null;
    }

    public void Keep(byte[] token, TokenFacts facts)
    {
        int first = PlaceOf(token);
        Volatile.Write(ref _entries[first + 1], Volatile.Read(ref _entries[first]));
        Volatile.Write(ref _entries[first], new Entry(token, facts));
    }

    private int PlaceOf(ReadOnlySpan<byte> token) =>
        (int)(_hash.Of(token) % (uint)(_entries.Length / Ways)) * Ways;

    private sealed record Entry(byte[] Token, TokenFacts Facts);
}
