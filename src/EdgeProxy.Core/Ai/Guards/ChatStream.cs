using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>Chunks of OpenAI's chat completions.</summary>
internal sealed class ChatStream : StreamDialect
{
    private static readonly ulong Choices = JsonText.HashOf("choices"u8);
    private static readonly ulong Index = JsonText.HashOf("index"u8);
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);
    private static readonly ulong FinishReason = JsonText.HashOf("finish_reason"u8);
    private static readonly ulong ToolCalls = JsonText.HashOf("tool_calls"u8);
    private static readonly ulong Function = JsonText.HashOf("function"u8);
    private static readonly ulong Custom = JsonText.HashOf("custom"u8);
    private static readonly ulong FunctionCall = JsonText.HashOf("function_call"u8);
    private static readonly ulong Name = JsonText.HashOf("name"u8);
    private static readonly ulong[] Envelope =
    [
        JsonText.HashOf("id"u8), JsonText.HashOf("object"u8), JsonText.HashOf("created"u8), JsonText.HashOf("model"u8),
    ];

    private readonly ByteBuffer _envelope = new();
    private readonly NestedTexts _nested = new();
    private int _choices;

    public override void Begin()
    {
        _envelope.Clear();
        _choices = 0;
    }

    public override void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data)
    {
        int choices = index.Find(0, Choices);
        if (choices < 0 || index[choices].Kind != JsonToken.ArrayStart)
        {
            return;
        }

        if (_envelope.Length == 0)
        {
            foreach (ulong name in Envelope)
            {
                CopyMember(index, data, 0, name, _envelope);
            }
        }

        for (int choice = choices + 1; choice < index[choices].Next; choice = index[choice].Next)
        {
            int number = NumberOf(index, choice, Index, 0);
            _choices = Math.Max(_choices, Math.Min(number, GuardLimits.LanesMax) + 1);
            int finish = index.Find(choice, FinishReason);
            bool isEnd = finish >= 0 && index[finish].Kind == JsonToken.String;
            int delta = index.Find(choice, Delta);
            if (delta >= 0 && index[delta].Kind == JsonToken.ObjectStart)
            {
                Members(guard, index, data, delta, number, isEnd);
            }

            if (isEnd)
            {
                guard.EndLanes(number);
            }
        }
    }

    public override CallReading ReadCalls(StreamedCalls calls, JsonIndex index, ReadOnlySpan<byte> data)
    {
        int choices = index.Find(0, Choices);
        int end = choices >= 0 && index[choices].Kind == JsonToken.ArrayStart ? index[choices].Next : 0;
        for (int choice = choices + 1; choice < end; choice = index[choice].Next)
        {
            int number = NumberOf(index, choice, Index, 0);
            int delta = index.Find(choice, Delta);
            int old = Given(index, delta, FunctionCall);
            if (old >= 0 && index[old].Kind is (JsonToken.ObjectStart or JsonToken.ArrayStart))
            {
                calls.Take(index, data, number, -1, index.Find(old, Name), index.Find(old, GuardNames.Arguments));
            }

            int list = index.Find(delta, ToolCalls);
            int place = 0;
            int listEnd = list >= 0 && index[list].Kind == JsonToken.ArrayStart ? index[list].Next : 0;
            for (int call = list + 1; call < listEnd; call = index[call].Next)
            {
                int part = NumberOf(index, call, Index, place++);
                if (SaysNothing(index, call))
                {
                    continue;
                }

                int custom = Given(index, call, Custom);
                int inner = custom >= 0 ? custom : index.Find(call, Function);
                int given = index.Find(inner, custom >= 0 ? GuardNames.Input : GuardNames.Arguments);
                calls.Take(index, data, number, part, index.Find(inner, Name), given, isFree: custom >= 0);
            }

            if (index.Find(choice, FinishReason) is >= 0 and var finish && index[finish].Kind == JsonToken.String)
            {
                calls.End(number);
            }
        }

        return CallReading.Whole;
    }

    public override void WriteRest(StreamLane lane, ReadOnlySpan<byte> spelled, ByteBuffer output)
    {
        BeginChunk(output, lane.Owner);
        bool isCall = lane.Name == GuardNames.Arguments || lane.Name == GuardNames.Input;
        if (isCall && lane.Part >= 0)
        {
            output.Append("\"tool_calls\":[{\"index\":"u8);
            output.Append(lane.Part);
            output.Append(lane.Name == GuardNames.Arguments ? ",\"function\":{"u8 : ",\"custom\":{"u8);
        }
        else if (isCall)
        {
            output.Append("\"function_call\":{"u8);
        }

        output.Append(lane.Note.IsEmpty ? "\"content\""u8 : lane.Note);
        output.Append(lane.Note.EndsWith("["u8) ? "\""u8 : ":\""u8);
        output.Append(spelled);
        output.Append(isCall && lane.Part >= 0 ? "\"}}]"u8 : isCall ? "\"}"u8 : "\""u8);
        NestedTexts.Close(lane.Note, output);
        output.Append("},\"finish_reason\":null}]}\n\n"u8);
    }

    public override void WriteRefusal(ByteBuffer output)
    {
        for (int choice = 0; choice < Math.Max(1, _choices); choice++)
        {
            BeginChunk(output, choice);
            output.Append("},\"finish_reason\":\"content_filter\"}]}\n\n"u8);
        }

        output.Append("data: [DONE]\n\n"u8);
    }

    // No part of a call that could come to a name.
    private static bool SaysNothing(JsonIndex index, int call)
    {
        JsonToken kind = index[call].Kind;
        for (int node = call + 1; kind == JsonToken.ObjectStart && node < index[call].Next; node = index[node].Next)
        {
            ulong name = index[node].NameHash;
            if (index[node].Kind != JsonToken.Null && name != Index && name != GuardNames.Type)
            {
                return false;
            }
        }

        return kind is JsonToken.ObjectStart or JsonToken.Null;
    }

    private void Members(
        StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int delta, int choice, bool isEnd)
    {
        for (int node = delta + 1; node < index[delta].Next; node = index[node].Next)
        {
            JsonNode member = index[node];
            ReadOnlySpan<byte> name = data[member.NameStart..member.NameEnd];
            if (member.Kind == JsonToken.String && guard.IsText(index, data, node, delta, member.NameHash))
            {
                guard.Part(node, member.NameHash, choice, -1, name, isJson: false, isEnd);
            }
            else if (member.NameHash == FunctionCall)
            {
                Call(guard, index, data, index.Find(node, GuardNames.Arguments), choice, -1, isEnd);
            }
            else if (member.NameHash == ToolCalls && member.Kind == JsonToken.ArrayStart)
            {
                int place = 0;
                for (int call = node + 1; call < member.Next; call = index[call].Next)
                {
                    int number = NumberOf(index, call, Index, place++);
                    int function = index.Find(call, Function);
                    Call(guard, index, data, index.Find(function, GuardNames.Arguments), choice, number, isEnd);
                    int custom = index.Find(call, Custom);
                    Call(guard, index, data, index.Find(custom, GuardNames.Input), choice, number, isEnd);
                }
            }
            else if (member.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart)
            {
                _nested.Read(guard, index, data, node, choice, isEnd);
            }
        }
    }

    private static void Call(
        StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int node, int choice, int part, bool isEnd)
    {
        if (node >= 0 && index[node].Kind == JsonToken.String)
        {
            ulong name = index[node].NameHash;
            guard.Part(node, name, choice, part, data[index[node].NameStart..index[node].NameEnd],
                isJson: name == GuardNames.Arguments, isEnd);
        }
    }

    private void BeginChunk(ByteBuffer output, int choice)
    {
        output.Append("data: {"u8);
        output.Append(_envelope.Bytes);
        output.Append("\"choices\":[{\"index\":"u8);
        output.Append(choice);
        output.Append(",\"delta\":{"u8);
    }
}
