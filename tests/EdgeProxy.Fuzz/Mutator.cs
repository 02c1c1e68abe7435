using System;
using System.Collections.Generic;

namespace EdgeProxy.Fuzz;

/// <summary>Changes inputs at random; the same seed makes the same run.</summary>
internal sealed class Mutator(ulong seed, IReadOnlyList<byte[]> words)
{
    private const int ChangesMax = 6;
    private const int InputBytesMax = 4096;

    private ulong _state = seed | 1;

    /// <summary>xorshift64*; 0 to <paramref name="limit"/> - 1.</summary>
    public int Next(int limit)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)((_state * 0x2545F4914F6CDD1DUL >> 33) % (ulong)Math.Max(1, limit));
    }

    public byte[] Change(byte[] input, byte[] other)
    {
        List<byte> bytes = [.. input.AsSpan(0, Math.Min(input.Length, InputBytesMax))];
        for (int changes = 1 + Next(ChangesMax); changes > 0; changes--)
        {
            int at = Next(bytes.Count + 1);
            int length = Next(Math.Min(bytes.Count - at, 32) + 1);
            switch (Next(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 5 when other.Length > 0:
                    int from = Next(other.Length);
                    bytes.InsertRange(at, other[from..(from + Math.Min(other.Length - from, Next(64)))]);
                    break;
                case 6 when other.Length > 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other[Next(other.Length)..]);
                    break;
                default:
                    bytes.InsertRange(at, words[Next(words.Count)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
