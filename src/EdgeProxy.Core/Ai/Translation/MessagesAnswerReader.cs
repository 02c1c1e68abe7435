using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Anthropic's Messages.</summary>
internal sealed class MessagesAnswerReader : AnswerReader
{
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);
    private static readonly ulong Block = JsonText.HashOf("content_block"u8);
    private static readonly ulong PartialJson = JsonText.HashOf("partial_json"u8);
    private static readonly ulong UsageName = JsonText.HashOf("usage"u8);
    private static readonly ulong InputTokens = JsonText.HashOf("input_tokens"u8);
    private static readonly ulong OutputTokens = JsonText.HashOf("output_tokens"u8);
    private static readonly ulong CacheRead = JsonText.HashOf("cache_read_input_tokens"u8);
    private static readonly ulong CacheWritten = JsonText.HashOf("cache_creation_input_tokens"u8);
    private static readonly ulong StopName = JsonText.HashOf("stop_reason"u8);
    private static readonly ulong OutputDetails = JsonText.HashOf("output_tokens_details"u8);
    private static readonly ulong ThinkingTokens = JsonText.HashOf("thinking_tokens"u8);

    private static readonly ulong MessageStart = JsonText.HashOf("message_start"u8);
    private static readonly ulong BlockStart = JsonText.HashOf("content_block_start"u8);
    private static readonly ulong BlockDelta = JsonText.HashOf("content_block_delta"u8);
    private static readonly ulong MessageDelta = JsonText.HashOf("message_delta"u8);
    private static readonly ulong MessageStop = JsonText.HashOf("message_stop"u8);

    private bool _isTool;

    // Where a count is not said again the one before stands.
    private long _input;
    private long _cached;
    private long _written;
    private long _output;
    private long _reasoning;

    public override void Begin()
    {
        base.Begin();
        _isTool = false;
        _input = _cached = _written = _output = _reasoning = 0;
    }

    public override bool ReadWhole(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer)
    {
        Begin();
        int content = index.Find(0, Names.Content);
        if (!Names.Is(index, content, JsonToken.ArrayStart))
        {
            return false;
        }

        head.Take(source, StringOf(index, 0, Names.Id), StringOf(index, 0, Names.Model));
        for (int block = content + 1; block < index[content].Next; block = index[block].Next)
        {
            ulong type = Names.Word(index, index.Find(block, Names.Type));
            if (type == Names.Text || type == Names.Thinking)
            {
                Place text = StringOf(index, block, type);
                if (!text.IsThere)
                {
                    return false;
                }

                answer.Parts.Add(new Said(type == Names.Text ? SaidKind.Text : SaidKind.Thinking, text));
            }
            else if (type == Names.ToolUse)
            {
                Place id = StringOf(index, block, Names.Id);
                Place name = StringOf(index, block, Names.Name);
                int input = index.Find(block, Names.Input);
                if (!id.IsThere || !name.IsThere || !Names.Is(index, input, JsonToken.ObjectStart))
                {
                    return false;
                }

                answer.Parts.Add(new Said(SaidKind.ToolCall, id, name, Place.Of(index, input)));
            }
        }

        ReadStop(index, 0);
        ReadUsage(index, index.Find(0, UsageName));
        answer.Stop = Stop;
        answer.Usage = Usage;
        return true;
    }

    public override bool ReadEvent(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, AnswerWriter to)
    {
        ulong type = Names.Word(index, index.Find(0, Names.Type));
        if (type == MessageStart)
        {
            int message = index.Find(0, Names.Message);
            head.Take(source, StringOf(index, message, Names.Id), StringOf(index, message, Names.Model));
            ReadUsage(index, index.Find(message, UsageName));
            HasBegun = true;
            to.BeginStream(head);
            return message >= 0;
        }

        if (!HasBegun && (type == BlockStart || type == BlockDelta || type == MessageDelta || type == MessageStop))
        {
            return false;
        }

        if (type == BlockStart)
        {
            return ReadBlock(index, source, index.Find(0, Block), to);
        }

        if (type == BlockDelta)
        {
            ReadDelta(index, source, index.Find(0, Delta), to);
        }
        else if (type == MessageDelta)
        {
            ReadStop(index, index.Find(0, Delta));
            ReadUsage(index, index.Find(0, UsageName));
        }
        else if (type == MessageStop)
        {
            IsDone = true;
            return to.EndStream(Stop, Usage);
        }

        return type != 0; // pings, ends of blocks, and what is new
    }

    public override bool EndStream(AnswerWriter to) => IsDone;

    private bool ReadBlock(JsonIndex index, ReadOnlySpan<byte> source, int block, AnswerWriter to)
    {
        ulong type = Names.Word(index, index.Find(block, Names.Type));
        _isTool = type == Names.ToolUse;
        if (!_isTool)
        {
            // Some servers have the first of it here.
            Place text = type == Names.Text || type == Names.Thinking ? StringOf(index, block, type) : default;
            return block >= 0 && (text.IsEmpty
                || to.Say(type == Names.Text ? SaidKind.Text : SaidKind.Thinking, source, text));
        }

        Place id = StringOf(index, block, Names.Id);
        Place name = StringOf(index, block, Names.Name);
        if (!id.IsThere || !name.IsThere || !to.CallTool(source, id, name))
        {
            return false;
        }

        // Some servers have all of it here.
        int input = index.Find(block, Names.Input);
        if (Names.Is(index, input, JsonToken.ObjectStart) && !Names.SaysNothing(index, input))
        {
            to.ArgumentsAsObject(source, Place.Of(index, input));
        }

        return true;
    }

    private void ReadDelta(JsonIndex index, ReadOnlySpan<byte> source, int delta, AnswerWriter to)
    {
        Place text = StringOf(index, delta, Names.Text);
        Place thinking = StringOf(index, delta, Names.Thinking);
        Place json = StringOf(index, delta, PartialJson);
        if (!text.IsEmpty)
        {
            to.Say(SaidKind.Text, source, text);
        }
        else if (!thinking.IsEmpty)
        {
            to.Say(SaidKind.Thinking, source, thinking);
        }
        else if (!json.IsEmpty && _isTool)
        {
            to.Arguments(source, json);
        }
    }

    private void ReadStop(JsonIndex index, int node)
    {
        ulong reason = Names.Word(index, index.Find(node, StopName));
        if (reason != 0)
        {
            Stop = AnswerMembers.Messages.StopOf(reason);
        }
    }

    private void ReadUsage(JsonIndex index, int usage)
    {
        if (!Names.Is(index, usage, JsonToken.ObjectStart))
        {
            return;
        }

        _input = Math.Max(_input, CountOf(index, usage, InputTokens));
        _cached = Math.Max(_cached, CountOf(index, usage, CacheRead));
        _written = Math.Max(_written, CountOf(index, usage, CacheWritten));
        _output = Math.Max(_output, CountOf(index, usage, OutputTokens));
        _reasoning = Math.Max(_reasoning, CountOf(index, index.Find(usage, OutputDetails), ThinkingTokens));
        Usage = new AnswerUsage(true, _input + _cached + _written, _output, _cached, _written, _reasoning);
    }
}
