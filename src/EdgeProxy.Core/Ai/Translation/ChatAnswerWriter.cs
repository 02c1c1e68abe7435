using System;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// OpenAI's chat completions. A stream always tells its usage; who did not ask for that has it taken out behind this.
/// </summary>
internal sealed class ChatAnswerWriter(TranslatedText text) : AnswerWriter(text)
{
    private int _tools;

    public override void Begin()
    {
        base.Begin();
        _tools = 0;
    }

    public override bool WriteWhole(ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer)
    {
        Text.Add("{\"id\":"u8);
        Text.Add(head.Id);
        Text.Add(",\"object\":\"chat.completion\",\"created\":"u8);
        Text.Add(head.UnixMs / 1000);
        Text.Add(",\"model\":"u8);
        Text.Add(head.Model);
        Text.Add(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"u8);
        Joined(source, answer, SaidKind.Text, "null"u8);
        Text.Add(",\"refusal\":null"u8);
        if (Has(answer, SaidKind.Thinking))
        {
            Text.Add(",\"reasoning_content\":"u8);
            Joined(source, answer, SaidKind.Thinking, "null"u8);
        }

        int calls = 0;
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            Said call = answer.Parts[place];
            if (call.Kind == SaidKind.ToolCall)
            {
                Text.Add(calls++ == 0 ? ",\"tool_calls\":[{\"id\":"u8 : ",{\"id\":"u8);
                AddId(source, call.First, calls);
                Text.Add(",\"type\":\"function\",\"function\":{\"name\":"u8);
                Text.Add(source, call.Second);
                Text.Add(",\"arguments\":\""u8);
                Text.AddAsString(source[call.Third.Start..call.Third.End]);
                Text.Add("\"}}"u8);
            }
        }

        Text.Add(calls > 0 ? "]},\"logprobs\":null,\"finish_reason\":"u8 : "},\"logprobs\":null,\"finish_reason\":"u8);
        Text.Add(Spelled(answer.Stop));
        Text.Add("}]"u8);
        Usage(answer.Usage);
        Text.Add("}"u8);
        return true;
    }

    public override void BeginStream(AnswerHead head)
    {
        base.BeginStream(head);
        BeginDelta();
        Text.Add("\"role\":\"assistant\",\"content\":\"\""u8);
        EndDelta();
    }

    public override bool Say(SaidKind kind, ReadOnlySpan<byte> source, Place text)
    {
        BeginDelta();
        Text.Add(kind == SaidKind.Text ? "\"content\":"u8 : "\"reasoning_content\":"u8);
        Text.Add(source, text);
        EndDelta();
        return true;
    }

    public override bool CallTool(ReadOnlySpan<byte> source, Place id, Place name)
    {
        BeginDelta();
        Text.Add("\"tool_calls\":[{\"index\":"u8);
        Text.Add(_tools++);
        Text.Add(",\"id\":"u8);
        AddId(source, id, _tools);
        Text.Add(",\"type\":\"function\",\"function\":{\"name\":"u8);
        Text.Add(source, name);
        Text.Add(",\"arguments\":\"\"}}]"u8);
        EndDelta();
        return true;
    }

    public override void Arguments(ReadOnlySpan<byte> source, Place text)
    {
        BeginArguments();
        Text.Add(source, text);
        EndArguments();
    }

    public override void ArgumentsAsObject(ReadOnlySpan<byte> source, Place json)
    {
        BeginArguments();
        Text.Add("\""u8);
        Text.AddAsString(source[json.Start..json.End]);
        Text.Add("\""u8);
        EndArguments();
    }

    public override bool EndStream(StopReason stop, in AnswerUsage usage)
    {
        BeginChunk();
        Text.Add("{\"index\":0,\"delta\":{},\"finish_reason\":"u8);
        Text.Add(Spelled(stop));
        Text.Add("}]}\n\n"u8);
        if (usage.IsThere)
        {
            BeginChunk();
            Text.Add("]"u8);
            Usage(usage);
            Text.Add("}\n\n"u8);
        }

        Text.Add("data: [DONE]\n\n"u8);
        IsOver = true;
        return true;
    }

    public override void Fail(ReadOnlySpan<byte> message, int status)
    {
        Text.Add("data: "u8);
        AnswerErrors.Write(Text, Dialect.OpenAi, status, message);
        Text.Add("\n\n"u8);
        IsOver = true;
    }

    private static ReadOnlySpan<byte> Spelled(StopReason stop) => stop switch
    {
        StopReason.Length => "\"length\""u8,
        StopReason.Tool => "\"tool_calls\""u8,
        StopReason.Refusal => "\"content_filter\""u8,
        _ => "\"stop\""u8,
    };

    private static bool Has(ChatAnswer answer, SaidKind kind)
    {
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            if (answer.Parts[place].Kind == kind)
            {
                return true;
            }
        }

        return false;
    }

    // Several blocks are one text here.
    private void Joined(ReadOnlySpan<byte> source, ChatAnswer answer, SaidKind kind, ReadOnlySpan<byte> without)
    {
        bool isFirst = true;
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            if (answer.Parts[place].Kind == kind)
            {
                Text.Add(isFirst ? "\""u8 : default);
                Text.AddInside(source, answer.Parts[place].First);
                isFirst = false;
            }
        }

        Text.Add(isFirst ? without : "\""u8);
    }

    private void Usage(in AnswerUsage usage)
    {
        if (!usage.IsThere)
        {
            return;
        }

        Text.Add(",\"usage\":{\"prompt_tokens\":"u8);
        Text.Add(usage.Input);
        Text.Add(",\"completion_tokens\":"u8);
        Text.Add(usage.Output);
        Text.Add(",\"total_tokens\":"u8);
        Text.Add(usage.Input + usage.Output);
        Text.Add(",\"prompt_tokens_details\":{\"cached_tokens\":"u8);
        Text.Add(usage.Cached);
        Text.Add(",\"cache_write_tokens\":"u8);
        Text.Add(usage.Written);
        if (usage.Reasoning > 0)
        {
            Text.Add("},\"completion_tokens_details\":{\"reasoning_tokens\":"u8);
            Text.Add(usage.Reasoning);
        }

        Text.Add("}}"u8);
    }

    private void BeginChunk()
    {
        Text.Add("data: {\"id\":"u8);
        Text.Add(Head.Id);
        Text.Add(",\"object\":\"chat.completion.chunk\",\"created\":"u8);
        Text.Add(Head.UnixMs / 1000);
        Text.Add(",\"model\":"u8);
        Text.Add(Head.Model);
        Text.Add(",\"choices\":["u8);
    }

    private void BeginDelta()
    {
        BeginChunk();
        Text.Add("{\"index\":0,\"delta\":{"u8);
    }

    private void EndDelta() => Text.Add("},\"finish_reason\":null}]}\n\n"u8);

    private void BeginArguments()
    {
        BeginDelta();
        Text.Add("\"tool_calls\":[{\"index\":"u8);
        Text.Add(Math.Max(0, _tools - 1));
        Text.Add(",\"function\":{\"arguments\":"u8);
    }

    private void EndArguments()
    {
        Text.Add("}}]"u8);
        EndDelta();
    }
}
