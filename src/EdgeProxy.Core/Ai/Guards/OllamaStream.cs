using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>Lines of Ollama's chat and generate.</summary>
internal sealed class OllamaStream : StreamDialect
{
    private static readonly ulong Message = JsonText.HashOf("message"u8);
    private static readonly ulong Response = JsonText.HashOf("response"u8);
    private static readonly ulong Content = JsonText.HashOf("content"u8);
    private static readonly ulong Done = JsonText.HashOf("done"u8);
    private static readonly ulong[] Envelope = [JsonText.HashOf("model"u8), JsonText.HashOf("created_at"u8)];

    // Owner of a text: the line itself, or the message in it.
    private const int OfLine = 0;
    private const int OfMessage = 1;

    private readonly ByteBuffer _envelope = new();
    private bool _hasMessage;

    public override void Begin()
    {
        _envelope.Clear();
        _hasMessage = false;
    }

    public override void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data)
    {
        if (_envelope.Length == 0)
        {
            foreach (ulong name in Envelope)
            {
                CopyMember(index, data, 0, name, _envelope);
            }
        }

        int done = index.Find(0, Done);
        bool isEnd = done >= 0 && index[done].Kind == JsonToken.True;
        int message = index.Find(0, Message);
        _hasMessage |= message >= 0;
        Members(guard, index, data, 0, OfLine, isEnd);
        if (message >= 0)
        {
            Members(guard, index, data, message, OfMessage, isEnd);
        }

        if (isEnd)
        {
            guard.EndLanes();
        }
    }

    // Each is whole in its line.
    public override CallReading ReadCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data) =>
        CallReading.Whole;

    public override void WriteRest(StreamLane lane, ReadOnlySpan<byte> spelled, ByteBuffer output)
    {
        output.Append("{"u8);
        output.Append(_envelope.Bytes);
        output.Append(lane.Owner == OfMessage ? "\"message\":{\"role\":\"assistant\","u8 : default);
        output.Append(lane.Note);
        output.Append(":\""u8);
        output.Append(spelled);
        output.Append(lane.Owner == OfMessage ? "\"}"u8 : "\""u8);
        output.Append(",\"done\":false}\n"u8);
    }

    public override void WriteRefusal(ByteBuffer output)
    {
        output.Append("{"u8);
        output.Append(_envelope.Bytes);
        output.Append(_hasMessage ? "\"message\":{\"role\":\"assistant\",\"content\":\"\"}"u8 : "\"response\":\"\""u8);
        output.Append(",\"done\":true,\"done_reason\":\"content_filter\"}\n"u8);
    }

    private static void Members(
        StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int parent, int owner, bool isEnd)
    {
        for (int node = parent + 1; node < index[parent].Next; node = index[node].Next)
        {
            JsonNode member = index[node];
            if (member.Kind == JsonToken.String && (member.NameHash == Response || member.NameHash == Content
                || member.NameHash == GuardNames.Thinking))
            {
                guard.Part(node, member.NameHash, owner, -1, data[member.NameStart..member.NameEnd],
                    isJson: false, isEnd);
            }
        }
    }
}
