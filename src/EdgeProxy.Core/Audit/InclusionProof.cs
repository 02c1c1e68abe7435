using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>
/// That one record is under a segment's signature, without the other records: the record, the hashes beside its way up
/// the tree, the signed footer. Who has the public key needs nothing else.
/// </summary>
internal sealed record InclusionProof
{
    private const int HashTextMax = 64; // levels of a tree

    /// <summary>The frame's body: kind, number, record.</summary>
    public required byte[] Body { get; init; }

    public required long Index { get; init; }

    public required IReadOnlyList<byte[]> Path { get; init; }

    /// <summary>Hash of the frame before the footer.</summary>
    public required byte[] Before { get; init; }

    public required SegmentFooter Footer { get; init; }

    /// <summary>Of the record; 0 of one that is too short to have a number.</summary>
    public ulong Seq => HasRecord ? BinaryPrimitives.ReadUInt64LittleEndian(Body.AsSpan(1)) : 0;

    public ReadOnlySpan<byte> Record => HasRecord ? Body.AsSpan(ChainFrame.RecordHeadBytes) : default;

    private bool HasRecord => Body.Length >= ChainFrame.RecordHeadBytes;

    /// <summary>
    /// Makes the proof for a record; null if the segment is not this record's, not whole or has no footer yet.
    /// </summary>
    public static InclusionProof? Make(Stream segment, ulong seq)
    {
        using var reader = new SegmentReader(segment);
        var leaves = new List<byte[]>();
        byte[]? body = null;
        while (reader.Read() == FrameStatus.Whole)
        {
            if (reader.Kind == FrameKind.Record)
            {
                byte[] leaf = new byte[Sha256.HashBytes];
                MerkleTree.LeafHash(reader.Body, leaf);
                body = reader.Seq == seq ? reader.Body.ToArray() : body;
                leaves.Add(leaf);
            }
            else if (reader.Kind == FrameKind.Footer && body is not null
                && SegmentFooter.Read(reader.Body) is { } footer)
            {
                int index = (int)(seq - reader.Header!.FirstSeq);
                return new InclusionProof
                {
                    Body = body,
                    Index = index,
                    Path = MerkleTree.Path(leaves.ToArray(), index),
                    Before = reader.Before.ToArray(),
                    Footer = footer,
                };
            }
        }

        return null;
    }

    /// <summary>Null if it holds, else why not.</summary>
    public string? Check(IReadOnlyList<SegmentKey> keys)
    {
        if (Body.Length is < ChainFrame.RecordHeadBytes or > ChainFrame.BodyBytesMax
            || Body[0] != (byte)FrameKind.Record || Before.Length != Sha256.HashBytes)
        {
            return "holds no record";
        }

        byte[] leaf = new byte[Sha256.HashBytes];
        MerkleTree.LeafHash(Body, leaf);
        byte[]? root = MerkleTree.RootBy(leaf, Index, (long)Footer.Count, Path);
        if (root is null || !root.AsSpan().SequenceEqual(Footer.Root))
        {
            return "the record is not in the signed tree";
        }

        ulong seq = BitConverter.ToUInt64(Body, 1);
        if (seq != Footer.LastSeq - Footer.Count + 1 + (ulong)Index)
        {
            return "the record's number is not that of its place";
        }

        byte[] signed = Footer.Signed(Before);
        foreach (SegmentKey key in keys)
        {
            if (key.Verifies(signed, Footer.Signature))
            {
                return null;
            }
        }

        return "the signature is of none of the keys";
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        byte[] footer = new byte[SegmentFooter.BodyBytes];
        Footer.Write(footer);
        json.WriteStartObject();
        json.WriteString("proof"u8, "edgeproxy audit inclusion 1");
        json.WriteBase64String("body"u8, Body);
        json.WriteNumber("index"u8, Index);
        json.WriteStartArray("path"u8);
        foreach (byte[] hash in Path)
        {
            json.WriteBase64StringValue(hash);
        }

        json.WriteEndArray();
        json.WriteBase64String("before"u8, Before);
        json.WriteBase64String("footer"u8, footer);
        json.WriteEndObject();
    }

    /// <summary>Null if the text is no proof.</summary>
    public static InclusionProof? Read(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            var path = new List<byte[]>();
            foreach (JsonElement hash in root.GetProperty("path").EnumerateArray())
            {
                path.Add(hash.GetBytesFromBase64());
            }

            return path.Count <= HashTextMax
                && SegmentFooter.Read(root.GetProperty("footer").GetBytesFromBase64()) is { } footer
                ? new InclusionProof
                {
                    Body = root.GetProperty("body").GetBytesFromBase64(),
                    Index = root.GetProperty("index").GetInt64(),
                    Path = path,
                    Before = root.GetProperty("before").GetBytesFromBase64(),
                    Footer = footer,
                }
                : null;
        }
        catch (Exception exception) when (exception
            is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
