using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Tests.Audit;

/// <summary>
/// Reads, checks and forges segments as src/AUDIT.md says they are, with nothing of the product: what a second program
/// written from that page would do.
/// </summary>
internal static class ByTheDocument
{
    private const int HashBytes = 32;
    private const int FooterSignedBytes = 57;

    private static byte[] Domain => "edgeproxy audit segment 1\n"u8.ToArray();

    /// <summary>Bodies of a segment's frames; throws if a hash is not right.</summary>
    public static List<byte[]> Bodies(byte[] segment)
    {
        var bodies = new List<byte[]>();
        byte[] before = [];
        for (int at = 0; at < segment.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(segment.AsSpan(at));
            byte[] body = segment[(at + 4)..(at + 4 + length)];
            before = bodies.Count == 0 ? PreviousOf(body) : before;
            byte[] hash = SHA256.HashData([.. before, .. segment[at..(at + 4 + length)]]);
            at += 4 + length + HashBytes;
            if (!hash.AsSpan().SequenceEqual(segment.AsSpan(at - HashBytes, HashBytes)))
            {
                throw new InvalidOperationException($"the hash before byte {at}");
            }

            bodies.Add(body);
            before = hash;
        }

        return bodies;
    }

    /// <summary>A segment of those bodies, its hashes made anew; the header names what was before it.</summary>
    public static byte[] Segment(IEnumerable<byte[]> bodies, byte[]? previous = null, ECDsa? signedBy = null)
    {
        var segment = new List<byte>();
        byte[] before = [];
        foreach (byte[] each in bodies)
        {
            byte[] body = [.. each];
            if (segment.Count == 0)
            {
                previous?.CopyTo(body, 34);
                before = PreviousOf(body);
            }

            if (body[0] == 3 && signedBy is not null)
            {
                byte[] signed = [.. Domain, .. before, .. body[..FooterSignedBytes]];
                signedBy.SignData(signed, HashAlgorithmName.SHA256).CopyTo(body, FooterSignedBytes);
            }

            byte[] frame = [.. BitConverter.GetBytes(body.Length), .. body];
            before = SHA256.HashData([.. before, .. frame]);
            segment.AddRange(frame);
            segment.AddRange(before);
        }

        return [.. segment];
    }

    /// <summary>
    /// Closed segments in their order, all of one key; the number of records. Throws if one is not right.
    /// </summary>
    public static ulong Check(IEnumerable<byte[]> segments, string publicPem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(publicPem);
        byte[] keyId = SHA256.HashData(key.ExportSubjectPublicKeyInfo());
        ulong number = 0;
        ulong last = 0;
        byte[] previous = new byte[HashBytes];
        foreach (byte[] segment in segments)
        {
            List<byte[]> bodies = Bodies(segment);
            byte[] header = bodies[0];
            Is(header[0] == 1 && header[1] == 1, "the version");
            Is(header.AsSpan(2, 8).SequenceEqual("EDGEAUDT"u8), "the magic");
            Is(U64(header, 10) == ++number && U64(header, 18) == last + 1, "the numbers of the header");
            Is(PreviousOf(header).AsSpan().SequenceEqual(previous), "the seam");
            Is(header.AsSpan(66, HashBytes).SequenceEqual(keyId), "the id of the key");
            List<byte[]> records = bodies[1..^1];
            Is(records.TrueForAll(record => record[0] == 2 && U64(record, 1) == ++last), "the records' numbers");
            byte[] footer = bodies[^1];
            Is(footer[0] == 3 && U64(footer, 1) == (ulong)records.Count && U64(footer, 9) == last, "the footer");
            Is(footer.AsSpan(25, HashBytes).SequenceEqual(Root(records)), "the root");
            byte[] before = segment[^(4 + footer.Length + (2 * HashBytes))..^(4 + footer.Length + HashBytes)];
            byte[] signed = [.. Domain, .. before, .. footer[..FooterSignedBytes]];
            Is(key.VerifyData(signed, footer[FooterSignedBytes..], HashAlgorithmName.SHA256), "the signature");
            previous = segment[^HashBytes..];
        }

        return last;
    }

    /// <summary>Root of the tree over the record of a proof, by its place and the hashes beside its way.</summary>
    public static byte[] RootBy(byte[] body, long index, long count, IEnumerable<byte[]> path)
    {
        byte[] hash = SHA256.HashData([0, .. body]);
        long last = count - 1;
        foreach (byte[] beside in path)
        {
            bool isRight = (index & 1) == 1 || index == last;
            hash = SHA256.HashData(isRight ? [1, .. beside, .. hash] : [1, .. hash, .. beside]);
            for (; isRight && (index & 1) == 0 && index > 0; index >>= 1)
            {
                last >>= 1;
            }

            index >>= 1;
            last >>= 1;
        }

        return hash;
    }

    public static byte[] PreviousOf(byte[] header) => header[34..66];

    public static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    public static string NodeOf(byte[] header) => Encoding.UTF8.GetString(header.AsSpan(98));

    private static byte[] Root(List<byte[]> records)
    {
        if (records.Count == 1)
        {
            return SHA256.HashData([0, .. records[0]]);
        }

        int left = 1;
        while (left * 2 < records.Count)
        {
            left *= 2;
        }

        return SHA256.HashData([1, .. Root(records[..left]), .. Root(records[left..])]);
    }

    private static void Is(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new InvalidOperationException(what);
        }
    }
}
