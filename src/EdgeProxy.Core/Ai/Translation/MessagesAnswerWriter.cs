using System;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// Anthropic's Messages. What a stream's prompt came to is told at its end: others do not know it before.
/// </summary>
internal sealed class MessagesAnswerWriter(TranslatedText text) : AnswerWriter(text)
{
    private int _blocks;
    private int _tools;
    private bool _isOpen;
    private SaidKind _open;

    public override void Begin()
    {
        base.Begin();
        (_blocks, _tools, _isOpen) = (0, 0, false);
    }

    public override bool WriteWhole(ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer)
    {
        Text.Add("{\"id\":"u8);
        Text.Add(head.Id);
        Text.Add(",\"type\":\"message\",\"role\":\"assistant\",\"model\":"u8);
        Text.Add(head.Model);
        Text.Add(",\"content\":["u8);
        int calls = 0;
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            Said part = answer.Parts[place];
            Text.Add(place > 0 ? ","u8 : default);
            switch (part.Kind)
            {
                case SaidKind.Text:
                    Text.Add("{\"type\":\"text\",\"text\":"u8);
                    Text.Add(source, part.First);
                    Text.Add("}"u8);
                    break;
                case SaidKind.Thinking:
                    Text.Add("{\"type\":\"thinking\",\"thinking\":"u8);
                    Text.Add(source, part.First);
                    Text.Add(",\"signature\":\"\"}"u8);
                    break;
                default:
                    Text.Add("{\"type\":\"tool_use\",\"id\":"u8);
                    AddId(source, part.First, ++calls);
                    Text.Add(",\"name\":"u8);
                    Text.Add(source, part.Second);
                    Text.Add(",\"input\":"u8);
                    if (!TryAddArguments(source, part.Third))
                    {
                        return false;
                    }

                    Text.Add("}"u8);
                    break;
            }
        }

        Text.Add("],\"stop_reason\":"u8);
        Text.Add(Spelled(answer.Stop));
        Text.Add(",\"stop_sequence\":null,\"usage\":{"u8);
        Usage(answer.Usage);
        Text.Add("}}"u8);
        return true;
    }

    public override void BeginStream(AnswerHead head)
    {
        base.BeginStream(head);
        Text.Add("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":"u8);
        Text.Add(head.Id);
        Text.Add(",\"type\":\"message\",\"role\":\"assistant\",\"model\":"u8);
        Text.Add(head.Model);
        Text.Add(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"u8);
        Text.Add("\"input_tokens\":0,\"output_tokens\":0}}}\n\n"u8);
    }

    public override bool Say(SaidKind kind, ReadOnlySpan<byte> source, Place text)
    {
        if (!_isOpen || _open != kind)
        {
            BeginBlock(kind);
            Text.Add(kind == SaidKind.Text
                ? "{\"type\":\"text\",\"text\":\"\"}}\n\n"u8
                : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"u8);
        }

        BeginDelta();
        Text.Add(kind == SaidKind.Text
            ? "{\"type\":\"text_delta\",\"text\":"u8
            : "{\"type\":\"thinking_delta\",\"thinking\":"u8);
        Text.Add(source, text);
        Text.Add("}}\n\n"u8);
        return true;
    }

    public override bool CallTool(ReadOnlySpan<byte> source, Place id, Place name)
    {
        BeginBlock(SaidKind.ToolCall);
        Text.Add("{\"type\":\"tool_use\",\"id\":"u8);
        AddId(source, id, ++_tools);
        Text.Add(",\"name\":"u8);
        Text.Add(source, name);
        Text.Add(",\"input\":{}}}\n\n"u8);
        return true;
    }

    public override void Arguments(ReadOnlySpan<byte> source, Place text)
    {
        BeginDelta();
        Text.Add("{\"type\":\"input_json_delta\",\"partial_json\":"u8);
        Text.Add(source, text);
        Text.Add("}}\n\n"u8);
    }

    public override void ArgumentsAsObject(ReadOnlySpan<byte> source, Place json)
    {
        BeginDelta();
        Text.Add("{\"type\":\"input_json_delta\",\"partial_json\":\""u8);
        Text.AddAsString(source[json.Start..json.End]);
        Text.Add("\"}}\n\n"u8);
    }

    public override bool EndStream(StopReason stop, in AnswerUsage usage)
    {
        EndBlock();
        Text.Add("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"u8);
        Text.Add(Spelled(stop));
        Text.Add(",\"stop_sequence\":null},\"usage\":{"u8);
        Usage(usage);
        Text.Add("}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
        IsOver = true;
        return true;
    }

    public override void Fail(ReadOnlySpan<byte> message, int status)
    {
        Text.Add("event: error\ndata: "u8);
        AnswerErrors.Write(Text, Dialect.Anthropic, status, message);
        Text.Add("\n\n"u8);
        IsOver = true;
    }

    private static ReadOnlySpan<byte> Spelled(StopReason stop) => stop switch
    {
        StopReason.Length => "\"max_tokens\""u8,
        StopReason.Tool => "\"tool_use\""u8,
        StopReason.Refusal => "\"refusal\""u8,
        _ => "\"end_turn\""u8,
    };

    // Anthropic's input is without what a cache had to do with. Its clients want numbers, known or not.
    private void Usage(in AnswerUsage usage)
    {
        Text.Add("\"input_tokens\":"u8);
        Text.Add(Math.Max(0, usage.Input - usage.Cached - usage.Written));
        Text.Add(",\"cache_creation_input_tokens\":"u8);
        Text.Add(usage.Written);
        Text.Add(",\"cache_read_input_tokens\":"u8);
        Text.Add(usage.Cached);
        Text.Add(",\"output_tokens\":"u8);
        Text.Add(usage.Output);
        if (usage.Reasoning > 0)
        {
            Text.Add(",\"output_tokens_details\":{\"thinking_tokens\":"u8);
            Text.Add(usage.Reasoning);
            Text.Add("}"u8);
        }
    }

    private void BeginBlock(SaidKind kind)
    {
        EndBlock();
        (_isOpen, _open) = (true, kind);
        Text.Add("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"u8);
        Text.Add(_blocks);
        Text.Add(",\"content_block\":"u8);
    }

    private void BeginDelta()
    {
        Text.Add("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        Text.Add(_blocks);
        Text.Add(",\"delta\":"u8);
    }

    private void EndBlock()
    {
        if (_isOpen)
        {
            Text.Add("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"u8);
            Text.Add(_blocks++);
            Text.Add("}\n\n"u8);
            _isOpen = false;
        }
    }
}
