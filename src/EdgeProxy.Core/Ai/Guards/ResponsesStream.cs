using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Events of OpenAI's Responses: deltas, then the same text whole in up to three more events. Events have numbers, so
/// those behind one that was put in get others.
/// </summary>
internal sealed class ResponsesStream : StreamDialect
{
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);
    private static readonly ulong ItemId = JsonText.HashOf("item_id"u8);
    private static readonly ulong OutputIndex = JsonText.HashOf("output_index"u8);
    private static readonly ulong ContentIndex = JsonText.HashOf("content_index"u8);
    private static readonly ulong SummaryIndex = JsonText.HashOf("summary_index"u8);
    private static readonly ulong Number = JsonText.HashOf("sequence_number"u8);
    private static readonly ulong Item = JsonText.HashOf("item"u8);
    private static readonly ulong Name = JsonText.HashOf("name"u8);
    private static readonly ulong Output = JsonText.HashOf("output"u8);
    private static readonly ulong[] Envelope =
        [JsonText.HashOf("id"u8), JsonText.HashOf("created_at"u8), JsonText.HashOf("model"u8)];

    private readonly ByteBuffer _envelope = new();
    private readonly ByteBuffer _note = new();
    private int _shift;
    private int _next;
    private bool _isRepeat;
    private bool _isDelta;

    public override bool IsRepeat => _isRepeat;

    public override bool TellsAgain => true;

    public override bool IsWhole => !_isDelta;

    public override void Begin()
    {
        _envelope.Clear();
        _shift = 0;
        _next = 0;
        _isRepeat = false;
    }

    public override void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data)
    {
        _next = NumberOf(index, 0, Number, _next);
        int response = index.Find(0, GuardNames.Response);
        if (_envelope.Length == 0 && response >= 0)
        {
            foreach (ulong name in Envelope)
            {
                CopyMember(index, data, response, name, _envelope);
            }
        }

        int type = index.Find(0, GuardNames.Type);
        JsonText text = type >= 0 && index[type].Kind == JsonToken.String
            ? JsonText.Of(data[index[type].Start..index[type].End])
            : default;
        ReadOnlySpan<byte> kind = text.Span;
        int item = NumberOf(index, 0, OutputIndex, 0);
        _isRepeat = false;
        _isDelta = kind.EndsWith(".delta"u8);
        if (_isDelta)
        {
            OnDelta(guard, index, data, kind, item);
        }
        else if (kind.EndsWith(".done"u8))
        {
            // The item's end for all of its texts, a text's own end for itself.
            _isRepeat = true;
            if (kind.SequenceEqual("response.output_item.done"u8))
            {
                guard.EndLanes(item);
            }
            else
            {
                guard.EndLane(LaneName(kind[..^".done".Length]), item, PartOf(index));
            }
        }
        else if (kind.SequenceEqual("response.completed"u8) || kind.SequenceEqual("response.incomplete"u8)
            || kind.SequenceEqual("response.failed"u8) || kind.SequenceEqual("error"u8))
        {
            _isRepeat = true;
            guard.EndLanes();
        }
    }

    public override CallReading ReadCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data)
    {
        int type = index.Find(0, GuardNames.Type);
        JsonText text = type >= 0 && index[type].Kind == JsonToken.String
            ? JsonText.Of(data[index[type].Start..index[type].End])
            : default;
        ReadOnlySpan<byte> kind = text.Span;
        int item = NumberOf(index, 0, OutputIndex, 0);
        if (kind.SequenceEqual("response.output_item.added"u8))
        {
            ReadItem(calls, index, data, index.Find(0, Item), item);
            return CallReading.InParts;
        }

        if (kind.EndsWith("arguments.delta"u8) || kind.EndsWith("tool_call_input.delta"u8))
        {
            calls.Take(index, data, item, -1, name: -1, index.Find(0, Delta), isFree: kind.EndsWith("input.delta"u8));
            return CallReading.InParts;
        }

        if (kind.EndsWith("arguments.done"u8) || kind.EndsWith("tool_call_input.done"u8))
        {
            bool isFree = kind.EndsWith("input.done"u8);
            int given = index.Find(0, isFree ? GuardNames.Input : GuardNames.Arguments);
            calls.Take(index, data, item, -1, name: -1, given, isFree, isAgain: true);
        }
        else if (kind.SequenceEqual("response.output_item.done"u8))
        {
            calls.End(item, isRepeated: ToolCallWalk.IsTyped(index, data, index.Find(0, Item), out _));
        }
        else if (!kind.EndsWith(".delta"u8) && !kind.SequenceEqual("response.created"u8)
            && !kind.SequenceEqual("response.in_progress"u8))
        {
            EndCalls(calls, index, data, index.Find(0, GuardNames.Response));
        }

        return CallReading.Whole;
    }

    // With a whole response all calls end: those it tells are judged as it tells them, the others as far as they came.
    private static void EndCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data, int response)
    {
        if (response < 0)
        {
            return;
        }

        int output = index.Find(response, Output);
        int place = 0;
        for (int item = output + 1; output >= 0 && item < index[output].Next; item = index[item].Next)
        {
            if (ToolCallWalk.IsTyped(index, data, item, out _))
            {
                calls.End(place, isRepeated: true);
            }

            place++;
        }

        calls.End();
    }

    public override void Renumber(JsonIndex index, JsonEdits edits)
    {
        int number = index.Find(0, Number);
        if (_shift > 0 && number >= 0 && index[number].Kind == JsonToken.Number)
        {
            _note.Clear();
            _note.Append(_next + _shift);
            edits.Replace(index[number].Start, index[number].End, _note.Bytes);
        }

        _next++;
    }

    public override void WriteRest(StreamLane lane, ReadOnlySpan<byte> spelled, ByteBuffer output)
    {
        ReadOnlySpan<byte> note = lane.Note;
        int split = note.IndexOf((byte)' ');
        ReadOnlySpan<byte> kind = split < 0 ? "response.output_text"u8 : note[..split];
        output.Append("event: "u8);
        output.Append(kind);
        output.Append(".delta\ndata: {\"type\":\""u8);
        output.Append(kind);
        output.Append(".delta\","u8);
        if (split >= 0)
        {
            output.Append(note[(split + 1)..]);
        }

        output.Append("\"output_index\":"u8);
        output.Append(lane.Owner);
        if (lane.Part >= 0)
        {
            output.Append(kind.IndexOf("summary"u8) >= 0 ? ",\"summary_index\":"u8 : ",\"content_index\":"u8);
            output.Append(lane.Part);
        }

        output.Append(",\"delta\":\""u8);
        output.Append(spelled);
        output.Append("\",\"sequence_number\":"u8);
        output.Append(_next + _shift++);
        output.Append("}\n\n"u8);
    }

    public override void WriteRefusal(ByteBuffer output)
    {
        output.Append("event: response.incomplete\ndata: {\"type\":\"response.incomplete\",\"sequence_number\":"u8);
        output.Append(_next + _shift);
        output.Append(",\"response\":{"u8);
        output.Append(_envelope.Bytes);
        output.Append("\"object\":\"response\",\"status\":\"incomplete\",\"error\":null,"u8);
        output.Append("\"incomplete_details\":{\"reason\":\"content_filter\"},\"output\":[],\"usage\":null}}\n\n"u8);
    }

    // What the provider or the client runs itself has no name, and is told whole when it is done.
    private static void ReadItem(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data, int node, int item)
    {
        if (!ToolCallWalk.IsTyped(index, data, node, out int type))
        {
            return;
        }

        int name = Given(index, node, Name);
        int input = Given(index, node, GuardNames.Input);
        calls.Take(index, data, item, -1, name >= 0 ? name : type, name < 0 ? -1
            : input >= 0 ? input
            : index.Find(node, GuardNames.Arguments), isFree: input >= 0, isToldWhole: name < 0);
    }

    private void OnDelta(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, ReadOnlySpan<byte> kind, int item)
    {
        int delta = index.Find(0, Delta);
        if (delta < 0 || index[delta].Kind != JsonToken.String)
        {
            return;
        }

        ReadOnlySpan<byte> what = kind[..^".delta".Length];
        if (what.EndsWith("audio"u8))
        {
            guard.Attachment(delta);
            return;
        }

        _note.Clear();
        _note.Append(what);
        _note.Append(" "u8);
        CopyMember(index, data, 0, ItemId, _note);
        guard.Part(delta, LaneName(what), item, PartOf(index), _note.Bytes,
            isJson: what.EndsWith("arguments"u8), isEnd: false);
    }

    private static ulong LaneName(ReadOnlySpan<byte> kind) => JsonText.HashOf(kind);

    private static int PartOf(JsonIndex index) =>
        NumberOf(index, 0, ContentIndex, NumberOf(index, 0, SummaryIndex, -1));
}
