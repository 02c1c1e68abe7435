using System;
using System.Globalization;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// Ollama's chat: a line for each event. A tool call is one line with arguments that are an object, so they are kept
/// until they are whole, within AiLimits.EventBytesMax.
/// </summary>
internal sealed class OllamaAnswerWriter(TranslatedText text, AiLoop loop) : AnswerWriter(text)
{
    private readonly HeldBody _call = new();
    private readonly HeldBody _decoded = new();
    private readonly TranslatedText _arguments = new();
    private readonly byte[] _time = new byte[32];
    private int _timeLength;
    private long _timeMs = -1;
    private int _openAt = -1;
    private bool _isFull;

    public override void Begin()
    {
        base.Begin();
        Release();
    }

    /// <summary>Where it keeps a call.</summary>
    public void BindAs(HeldBody other)
    {
        _call.BindAs(other, loop.Budget);
        _decoded.BindAs(other, loop.Budget);
    }

    public override void Release()
    {
        _call.Release();
        _decoded.Release();
        (_openAt, _isFull) = (-1, false);
    }

    public override bool WriteWhole(ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer)
    {
        BeginStream(head);
        BeginLine();
        Text.Add("\"content\":\""u8);
        Joined(source, answer, SaidKind.Text);
        Text.Add("\""u8);
        if (Has(answer, SaidKind.Thinking))
        {
            Text.Add(",\"thinking\":\""u8);
            Joined(source, answer, SaidKind.Thinking);
            Text.Add("\""u8);
        }

        int calls = 0;
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            Said call = answer.Parts[place];
            if (call.Kind != SaidKind.ToolCall)
            {
                continue;
            }

            Text.Add(calls++ == 0 ? ",\"tool_calls\":[{"u8 : ",{"u8);
            Text.Add("\"id\":"u8);
            AddId(source, call.First, calls);
            Text.Add(",\"function\":{\"name\":"u8);
            Text.Add(source, call.Second);
            Text.Add(",\"arguments\":"u8);
            if (!TryAddArguments(source, call.Third))
            {
                return false;
            }

            Text.Add("}}"u8);
        }

        Text.Add(calls > 0 ? "]}"u8 : "}"u8);
        Done(answer.Stop, answer.Usage);
        Text.Add("}"u8);
        return true;
    }

    public override bool Say(SaidKind kind, ReadOnlySpan<byte> source, Place text)
    {
        if (!EndCall())
        {
            return false;
        }

        BeginLine();
        Text.Add(kind == SaidKind.Text ? "\"content\":"u8 : "\"content\":\"\",\"thinking\":"u8);
        Text.Add(source, text);
        Text.Add("},\"done\":false}\n"u8);
        return true;
    }

    public override bool CallTool(ReadOnlySpan<byte> source, Place id, Place name)
    {
        if (!EndCall())
        {
            return false;
        }

        Keep("{\"id\":"u8);
        Keep(id.IsThere ? source[id.Start..id.End] : "\"call\""u8);
        Keep(",\"function\":{\"name\":"u8);
        Keep(source[name.Start..name.End]);
        Keep(",\"arguments\":"u8);
        _openAt = _call.Length;
        return true;
    }

    public override void Arguments(ReadOnlySpan<byte> source, Place text)
    {
        if (_openAt >= 0)
        {
            Keep(source[(text.Start + 1)..(text.End - 1)]);
        }
    }

    public override void ArgumentsAsObject(ReadOnlySpan<byte> source, Place json)
    {
        // As a string's inside, as pieces come.
        ReadOnlySpan<byte> rest = source[json.Start..json.End];
        while (!rest.IsEmpty)
        {
            int stop = rest.IndexOfAny((byte)'"', (byte)'\\');
            Keep(stop < 0 ? rest : rest[..stop]);
            if (stop < 0)
            {
                return;
            }

            Keep("\\"u8);
            Keep(rest.Slice(stop, 1));
            rest = rest[(stop + 1)..];
        }
    }

    public override bool EndStream(StopReason stop, in AnswerUsage usage)
    {
        if (!EndCall())
        {
            return false;
        }

        BeginLine();
        Text.Add("\"content\":\"\"}"u8);
        Done(stop, usage);
        Text.Add("}\n"u8);
        IsOver = true;
        return true;
    }

    public override void Fail(ReadOnlySpan<byte> message, int status)
    {
        AnswerErrors.Write(Text, Dialect.Ollama, status, message);
        Text.Add("\n"u8);
        IsOver = true;
    }

    private void Keep(ReadOnlySpan<byte> bytes) =>
        _isFull |= _call.Length + bytes.Length > AiLimits.EventBytesMax || !_call.TryAppend(bytes);

    // The call is whole; what was kept of its arguments is still as in a string.
    private bool EndCall()
    {
        if (_openAt < 0)
        {
            return true;
        }

        if (_isFull)
        {
            return false;
        }

        // Nothing of a line is written that would not be whole.
        _arguments.Begin(_decoded);
        if (!_arguments.TryAddObject(_call.Bytes[_openAt..]) || _arguments.IsFull)
        {
            return false;
        }

        BeginLine();
        Text.Add("\"content\":\"\",\"tool_calls\":["u8);
        Text.Add(_call.Bytes[.._openAt]);
        AddInLine(_decoded.Bytes);
        Text.Add("}}]},\"done\":false}\n"u8);
        Release();
        return true;
    }

    // Between the tokens of JSON a line may end; here that would end the event.
    private void AddInLine(ReadOnlySpan<byte> json)
    {
        while (!json.IsEmpty)
        {
            int stop = json.IndexOfAny((byte)'\r', (byte)'\n');
            Text.Add(stop < 0 ? json : json[..stop]);
            Text.Add(stop < 0 ? default : " "u8);
            json = stop < 0 ? default : json[(stop + 1)..];
        }
    }

    private void BeginLine()
    {
        Text.Add("{\"model\":"u8);
        Text.Add(Head.Model);
        Text.Add(",\"created_at\":\""u8);
        Text.Add(Time());
        Text.Add("\",\"message\":{\"role\":\"assistant\","u8);
    }

    private ReadOnlySpan<byte> Time()
    {
        if (_timeMs != Head.UnixMs)
        {
            _timeMs = Head.UnixMs;
            _ = DateTimeOffset.FromUnixTimeMilliseconds(_timeMs).TryFormat(
                _time, out _timeLength, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        }

        return _time.AsSpan(0, _timeLength);
    }

    private void Done(StopReason stop, in AnswerUsage usage)
    {
        Text.Add(stop == StopReason.Length
            ? ",\"done\":true,\"done_reason\":\"length\""u8
            : ",\"done\":true,\"done_reason\":\"stop\""u8);
        if (usage.IsThere)
        {
            Text.Add(",\"prompt_eval_count\":"u8);
            Text.Add(usage.Input);
            Text.Add(",\"eval_count\":"u8);
            Text.Add(usage.Output);
        }
    }

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

    private void Joined(ReadOnlySpan<byte> source, ChatAnswer answer, SaidKind kind)
    {
        for (int place = 0; place < answer.Parts.Count; place++)
        {
            if (answer.Parts[place].Kind == kind)
            {
                Text.AddInside(source, answer.Parts[place].First);
            }
        }
    }
}
