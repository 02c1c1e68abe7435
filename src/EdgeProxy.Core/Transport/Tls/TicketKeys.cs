using System;
using System.Security.Cryptography;
using System.Threading;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// The keys session tickets are sealed with, for all loops and entrypoints of the process, over reloads, too. A key
/// seals for <see cref="RotationHours"/> hours, opens for as long again, and is then forgotten: what was recorded
/// before stays closed (RFC 9325 section 3.4). They are in memory only.
/// </summary>
internal sealed unsafe class TicketKeys(TimeProvider time)
{
    public const int NameBytes = 16;
    public const int RotationHours = 12;

    private readonly Lock _lock = new();
    private Pair? _pair;

    private static ReadOnlySpan<byte> MacKeyName => "key\0"u8;

    private static ReadOnlySpan<byte> MacDigestName => "digest\0"u8;

    private static ReadOnlySpan<byte> MacDigest => "SHA256\0"u8;

    /// <summary>
    /// As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) wants it: 1 done, 2 done and send a new one, 0 unknown.
    /// </summary>
    public int Prepare(byte* name, byte* vector, void* cipher, void* mac, bool isSealing)
    {
        Pair pair = Current();
        if (isSealing)
        {
            pair.Newest.Name.CopyTo(new Span<byte>(name, NameBytes));
            const int VectorBytes = 16;
            return LibCrypto.RandomBytes(vector, VectorBytes) == 1 && Set(pair.Newest, vector, cipher, mac, true)
                ? 1
                : -1;
        }

        var wanted = new ReadOnlySpan<byte>(name, NameBytes);
        bool isNewest = wanted.SequenceEqual(pair.Newest.Name);
        TicketKey? key = isNewest ? pair.Newest
            : pair.Older is { } older && wanted.SequenceEqual(older.Name) ? older
            : null;
        return key is null ? 0 : !Set(key, vector, cipher, mac, false) ? -1 : isNewest ? 1 : 2;
    }

    private static bool Set(TicketKey key, byte* vector, void* cipher, void* mac, bool isSealing)
    {
        fixed (byte* secret = key.Cipher, macSecret = key.Mac)
        fixed (byte* keyName = MacKeyName, digestName = MacDigestName, digest = MacDigest)
        {
            CryptoParameter* parameters = stackalloc CryptoParameter[3];
            parameters[0] = new CryptoParameter
            {
                Key = keyName,
                Type = LibCrypto.ParameterBytes,
                Value = macSecret,
                ValueBytes = (nuint)key.Mac.Length,
            };
            parameters[1] = new CryptoParameter
            {
                Key = digestName,
                Type = LibCrypto.ParameterText,
                Value = digest,
                ValueBytes = (nuint)MacDigest.Length - 1,
            };
            parameters[2] = default;
            return LibCrypto.MacSetParameters(mac, parameters) == 1
                && (isSealing
                    ? LibCrypto.EncryptInit(cipher, LibCrypto.Aes256Cbc(), null, secret, vector)
                    : LibCrypto.DecryptInit(cipher, LibCrypto.Aes256Cbc(), null, secret, vector)) == 1;
        }
    }

    private Pair Current()
    {
        Pair? pair = Volatile.Read(ref _pair);
        long now = time.GetTimestamp();
        return pair is not null && !IsOver(pair.Newest, now) ? pair : Rotate(now);
    }

    private Pair Rotate(long now)
    {
        lock (_lock)
        {
            Pair? pair = _pair;
            if (pair is not null && !IsOver(pair.Newest, now))
            {
                return pair;
            }

            // Unused for a whole period, the last one is too old to open anything.
            bool isKept = pair is not null
                && time.GetElapsedTime(pair.Newest.Began, now) < TimeSpan.FromHours(2 * RotationHours);
            var next = new Pair(new TicketKey(now), isKept ? pair!.Newest : null);
            Volatile.Write(ref _pair, next);
            return next;
        }
    }

    private bool IsOver(TicketKey key, long now) =>
        time.GetElapsedTime(key.Began, now) >= TimeSpan.FromHours(RotationHours);

    private sealed record Pair(TicketKey Newest, TicketKey? Older);

    private sealed class TicketKey(long began)
    {
        public long Began { get; } = began;

        public byte[] Name { get; } = Random(NameBytes);

        public byte[] Cipher { get; } = Random(32);

        public byte[] Mac { get; } = Random(32);

        private static byte[] Random(int count)
        {
            byte[] bytes = new byte[count];
            fixed (byte* memory = bytes)
            {
                if (LibCrypto.RandomBytes(memory, count) != 1)
                {
                    throw new CryptographicException("no random bytes are to be had");
                }
            }

            return bytes;
        }
    }
}
