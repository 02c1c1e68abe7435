using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>Events of Anthropic's messages.</summary>
internal sealed class MessagesStream : StreamDialect
{
    private static readonly ulong Index = JsonText.HashOf("index"u8);
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);
    private static readonly ulong ContentBlock = JsonText.HashOf("content_block"u8);
    private static readonly ulong BlockStart = JsonText.HashOf("content_block_start"u8);
    private static readonly ulong BlockDelta = JsonText.HashOf("content_block_delta"u8);
    private static readonly ulong BlockStop = JsonText.HashOf("content_block_stop"u8);
    private static readonly ulong MessageStart = JsonText.HashOf("message_start"u8);
    private static readonly ulong Ping = JsonText.HashOf("ping"u8);

    private static readonly ulong Name = JsonText.HashOf("name"u8);

    private readonly ByteBuffer _note = new();
    private int _open;
    private int _marked;

    public override void Begin() => _open = -1;

    public override void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data)
    {
        int type = index.Find(0, GuardNames.Type);
        ulong kind = type < 0 ? 0 : (ulong)index[type].Number;
        int block = NumberOf(index, 0, Index, 0);
        if (kind == BlockStart || kind == BlockDelta)
        {
            _open = block;
            int parts = index.Find(0, kind == BlockStart ? ContentBlock : Delta);
            for (int node = parts + 1; parts >= 0 && node < index[parts].Next; node = index[node].Next)
            {
                JsonNode member = index[node];
                if (member.Kind == JsonToken.String && (IsKnown(member.NameHash)
                    || (kind == BlockDelta && member.NameStart >= 0 && !GuardNames.IsStructure(member.NameHash))))
                {
                    guard.Part(node, member.NameHash, block, -1, NoteOf(index, data, parts, member),
                        isJson: member.NameHash == GuardNames.PartialJson, isEnd: false);
                }
            }
        }
        else if (kind == BlockStop)
        {
            _open = -1;
            guard.EndLanes(block);
        }
        else if (kind != MessageStart && kind != Ping)
        {
            guard.EndLanes();
        }
    }

    public override CallReading ReadCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data)
    {
        int type = index.Find(0, GuardNames.Type);
        ulong kind = type < 0 ? 0 : (ulong)index[type].Number;
        int block = NumberOf(index, 0, Index, 0);
        if (kind == BlockStart)
        {
            int begun = index.Find(0, ContentBlock);
            if (ToolCallWalk.IsTyped(index, data, begun, out _))
            {
                int input = index.Find(begun, GuardNames.Input);
                calls.Take(index, data, block, -1, index.Find(begun, Name), input);
            }

            return CallReading.InParts;
        }

        if (kind == BlockDelta)
        {
            int more = Given(index, index.Find(0, Delta), GuardNames.PartialJson);
            if (more >= 0)
            {
                calls.Take(index, data, block, -1, name: -1, more);
            }

            return CallReading.InParts;
        }

        if (kind == BlockStop)
        {
            calls.End(block);
        }
        else if (kind != MessageStart && kind != Ping)
        {
            calls.End();
        }

        return CallReading.Whole;
    }

    /// <summary>The block the client has the beginning of, and not the end; -1 if there is none.</summary>
    public int OpenBlock => _marked;

    public override void Mark() => _marked = _open;

    public override void Back() => _open = _marked;

    public override void WriteRest(StreamLane lane, ReadOnlySpan<byte> spelled, ByteBuffer output)
    {
        output.Append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        output.Append(lane.Owner);
        output.Append(",\"delta\":{"u8);
        output.Append(lane.Note.IsEmpty ? "\"type\":\"text_delta\",\"text\""u8 : lane.Note);
        output.Append(":\""u8);
        output.Append(spelled);
        output.Append("\"}}\n\n"u8);
    }

    public override void WriteRefusal(ByteBuffer output)
    {
        if (_open >= 0)
        {
            output.Append("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"u8);
            output.Append(_open);
            output.Append("}\n\n"u8);
        }

        output.Append("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"u8);
        output.Append("\"stop_reason\":\"refusal\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":0}}\n\n"u8);
        output.Append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
    }

    // Those that a block begins with, too.
    private static bool IsKnown(ulong name) =>
        name == GuardNames.Text || name == GuardNames.Thinking || name == GuardNames.PartialJson;

    // The delta's type and the text's name.
    private ReadOnlySpan<byte> NoteOf(JsonIndex index, ReadOnlySpan<byte> data, int parts, in JsonNode member)
    {
        _note.Clear();
        ulong name = member.NameHash;
        int type = IsKnown(name) ? -1 : index.Find(parts, GuardNames.Type);
        bool isWord = type >= 0 && index[type].Kind == JsonToken.String
            && GuardNames.IsWord(data[(index[type].Start + 1)..(index[type].End - 1)]);
        _note.Append("\"type\":"u8);
        _note.Append(name == GuardNames.Text ? "\"text_delta\""u8
            : name == GuardNames.Thinking ? "\"thinking_delta\""u8
            : isWord ? data[index[type].Start..index[type].End]
            : "\"input_json_delta\""u8);
        _note.Append(","u8);
        _note.Append(data[member.NameStart..member.NameEnd]);
        return _note.Bytes;
    }

    // The signature of a block comes behind its text, and is of what the model wrote.
    public override bool IsSigned(StreamLane lane) => lane.Name == GuardNames.Thinking;
}
