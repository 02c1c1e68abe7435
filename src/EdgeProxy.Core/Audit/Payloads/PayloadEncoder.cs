using System;
using System.Buffers;
using System.Buffers.Binary;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// Makes an entry of what a loop captured: redacted, or sealed. The plain form of both bodies: length of the request
/// (4 bytes, little-endian), request, answer. One thread.
/// </summary>
internal sealed class PayloadEncoder
{
    private readonly PayloadRedactor _redactor = new();

    /// <summary>Null if there is no key to seal to, or more comes of it than an entry has.</summary>
    public byte[]? Encode(CapturedPayload payload, PayloadSeal? seal)
    {
        byte[] request = BytesOf(payload.Request);
        byte[] answer = BytesOf(payload.Answer);
        EntryFlags flags = (payload.Request.IsCut ? EntryFlags.RequestCut : 0)
            | (payload.Answer.IsCut ? EntryFlags.AnswerCut : 0);
        if (payload.Mode == PayloadMode.Redacted)
        {
            request = Redacted(request, payload.Request.IsCut, EntryFlags.RequestLeftOut, ref flags);
            answer = Redacted(answer, payload.Answer.IsCut, EntryFlags.AnswerLeftOut, ref flags);
        }

        byte[] plain = new byte[sizeof(int) + request.Length + answer.Length];
        BinaryPrimitives.WriteInt32LittleEndian(plain, request.Length);
        request.CopyTo(plain, sizeof(int));
        answer.CopyTo(plain, sizeof(int) + request.Length);
        bool isSealed = payload.Mode == PayloadMode.Sealed;
        int length = plain.Length + (isSealed ? PayloadSeal.OverheadBytes : 0);
        if (length > PayloadLimits.EntryBytesMax || (isSealed && seal is null))
        {
            return null;
        }

        ReadOnlySpan<byte> consumer = payload.Consumer.Span;
        consumer = consumer[..Math.Min(consumer.Length, byte.MaxValue)];
        var head = new EntryHead(EntryState.Live, payload.Mode, flags, consumer.Length, length, payload.Lane,
            payload.Number, payload.UnixMs);
        byte[] entry = new byte[head.Length];
        head.Write(entry);
        consumer.CopyTo(entry.AsSpan(EntryHead.Bytes));
        Span<byte> body = entry.AsSpan(EntryHead.Bytes + consumer.Length);
        if (isSealed)
        {
            seal!.Seal(plain, EntryHead.Bound(entry), body);
        }
        else
        {
            plain.CopyTo(body);
        }

        EntryHead.DigestOf(entry).CopyTo(entry, EntryHead.DigestOffset);
        return entry;
    }

    /// <summary>Both bodies of an entry; false, and why, if they cannot be had.</summary>
    public static bool TryDecode(
        byte[] entry, PayloadSeal? key, out byte[] request, out byte[] answer, out string problem)
    {
        request = [];
        answer = [];
        problem = "is no entry";
        if (EntryHead.Read(entry) is not { } head || head.Length != entry.Length)
        {
            return false;
        }

        byte[]? plain = entry[(EntryHead.Bytes + head.ConsumerBytes)..];
        if (head.Mode == PayloadMode.Sealed)
        {
            problem = "is sealed: give --private-key FILE";
            plain = key?.Open(plain, EntryHead.Bound(entry), out problem);
        }

        if (plain is null || plain.Length < sizeof(int))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(plain);
        if (length < 0 || length > plain.Length - sizeof(int))
        {
            return false;
        }

        request = plain[sizeof(int)..(sizeof(int) + length)];
        answer = plain[(sizeof(int) + length)..];
        problem = "";
        return true;
    }

    private byte[] Redacted(byte[] body, bool isCut, EntryFlags leftOut, ref EntryFlags flags)
    {
        var output = new ArrayBufferWriter<byte>(body.Length + 64);
        if (_redactor.TryRedact(body, isCut, output))
        {
            return output.WrittenSpan.ToArray();
        }

        flags |= leftOut;
        return [];
    }

    private static byte[] BytesOf(CapturedBody body)
    {
        byte[] bytes = new byte[body.Length];
        body.CopyTo(bytes);
        return bytes;
    }
}
