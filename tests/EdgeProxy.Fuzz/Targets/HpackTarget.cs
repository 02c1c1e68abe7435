using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Field blocks, several on one table: the table stays within its limit, and what is read is, written and read again,
/// the same. A head made of the fields is one that the reader of heads finds one request in, or refuses.
/// </summary>
internal sealed class HpackTarget : FuzzTarget
{
    private readonly byte[] _scratch = new byte[HpackReader.ScratchBytes(1 << 16)];
    private readonly byte[] _room = new byte[64 * 1024];
    private readonly byte[] _stash = new byte[64 * 1024];

    public override string Name => "hpack";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "828684410f7777772e6578616d706c652e636f6d", "828684418cf1e3c2e5f23a6ba0ab90f4ff", "3fe11f82868441016100be",
            "4003616263063132333435367e0478797a31be", "828684be5886a8eb10649cbf",
            "20828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            "0085b9495339e484b83537ff82848641836103c7", "400a6375737c6f6d2d6b65790c637573746f6d2d76616c7565",
            "8286844101610f0d023130", "8286844101617b02613d600162", "828684410161760c08747261696c657273",
        }.Select(Convert.FromHexString),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "82", "83", "84", "86", "87", "be", "bf", "c0", "40", "00", "10", "20", "3f", "7f", "ff", "3fe11f", "410161",
            "6001", "0f0d01", "0d0a", "3a", "810f",
        }.Select(Convert.FromHexString),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        var table = new HpackTable();
        int step = input.IsEmpty ? 1 : 1 + (input[0] % 40);
        int kinds = 0;
        for (int at = 0; at < input.Length; at += step)
        {
            ReadOnlySpan<byte> block = input.Slice(at, Math.Min(step, input.Length - at));
            List<(byte[] Name, byte[] Value)>? fields = Read(block, table);
            Require(table.Size <= table.Limit && table.Limit <= HpackTable.BytesMax, "the table is over its limit");
            if (fields is null)
            {
                return HashCode.Combine(kinds, at > 0, table.Count);
            }

            CheckWriter(fields);
            kinds = (kinds * 31) + CheckHead(fields);
        }

        return HashCode.Combine(kinds, Math.Min(table.Count, 4), table.Limit == HpackTable.BytesMax);
    }

    private List<(byte[] Name, byte[] Value)>? Read(ReadOnlySpan<byte> block, HpackTable table)
    {
        var reader = new HpackReader(block, table, HpackTable.BytesMax, _scratch);
        var fields = new List<(byte[] Name, byte[] Value)>();
        HpackStep step;
        while ((step = reader.Next()) == HpackStep.Field)
        {
            fields.Add((reader.Name.ToArray(), reader.Value.ToArray()));
        }

        return step == HpackStep.End ? fields : null;
    }

    private void CheckWriter(List<(byte[] Name, byte[] Value)> fields)
    {
        var writer = new HpackWriter();
        var table = new HpackTable();
        for (int round = 0; round < 2; round++)
        {
            int length = writer.Begin(_room);
            foreach ((byte[] name, byte[] value) in fields)
            {
                int most = HpackWriter.BytesMax(name.Length, value.Length);
                if (length + most > _room.Length / 2)
                {
                    return;
                }

                int written = writer.Write(_room.AsSpan(length), name, value);
                Require(written <= most, "a field is longer than its bound");
                length += written;
            }

            List<(byte[] Name, byte[] Value)>? again = Read(_room.AsSpan(0, length), table);
            Require(
                again is not null && again.Count == fields.Count && again.Zip(fields).All(static pair =>
                    pair.First.Name.AsSpan().SequenceEqual(pair.Second.Name)
                    && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value)),
                "what was written is read as something else");
        }
    }

    private int CheckHead(List<(byte[] Name, byte[] Value)> fields)
    {
        var text = new RequestText(_room, _stash, "a2V5IGtleSBrZXkga2V5IQ=="u8);
        foreach ((byte[] name, byte[] value) in fields)
        {
            text.Add(name, value);
        }

        if (!text.Finish(isEnd: false))
        {
            return 1;
        }

        var limits = new HeadLimits { HeadBytes = _room.Length };
        var head = new RequestHead();
        ParseStatus status = RequestHeadReader.Read(text.Text, limits, head);
        Require(status != ParseStatus.NeedMore, "a head without an end");
        if (status == ParseStatus.Malformed)
        {
            return 100 + (int)head.Reason;
        }

        // Nothing may follow the head, and no field may have come from within another.
        Require(head.Length == text.Text.Length, "a head within the head");
        int regular = fields.Count(static field => field.Name.Length > 0 && field.Name[0] != (byte)':');
        Require(head.Fields.Length <= regular + 5, Encoding.Latin1.GetString(text.Text));
        return 2 + (text.IsTunnel ? 1 : 0) + (text.IsChunked ? 2 : 0);
    }
}
