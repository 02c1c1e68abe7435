using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>OpenAI's chat completions.</summary>
internal sealed class ChatAnswerReader : AnswerReader
{
    private static readonly ulong Choices = JsonText.HashOf("choices"u8);
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);
    private static readonly ulong Finish = JsonText.HashOf("finish_reason"u8);
    private static readonly ulong UsageName = JsonText.HashOf("usage"u8);
    private static readonly ulong PromptTokens = JsonText.HashOf("prompt_tokens"u8);
    private static readonly ulong CompletionTokens = JsonText.HashOf("completion_tokens"u8);
    private static readonly ulong PromptDetails = JsonText.HashOf("prompt_tokens_details"u8);
    private static readonly ulong CompletionDetails = JsonText.HashOf("completion_tokens_details"u8);
    private static readonly ulong CachedTokens = JsonText.HashOf("cached_tokens"u8);
    private static readonly ulong WrittenTokens = JsonText.HashOf("cache_write_tokens"u8);
    private static readonly ulong ReasoningTokens = JsonText.HashOf("reasoning_tokens"u8);

    private long _tool = -1;
    private ulong _toolId;
    private bool _hasFinished;

    public override void Begin()
    {
        base.Begin();
        (_tool, _toolId, _hasFinished) = (-1, 0, false);
    }

    public override bool ReadWhole(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, ChatAnswer answer)
    {
        Begin();
        int choice = FirstChoice(index);
        int message = index.Find(choice, Names.Message);
        if (!Names.Is(index, message, JsonToken.ObjectStart))
        {
            return false;
        }

        head.Take(source, StringOf(index, 0, Names.Id), StringOf(index, 0, Names.Model));
        Add(answer, SaidKind.Thinking, ThinkingOf(index, message));
        Add(answer, SaidKind.Text, StringOf(index, message, Names.Content));
        int parts = index.Find(message, Names.Content);
        for (int part = FirstPart(index, parts); part > 0; part = NextPart(index, parts, part))
        {
            int thoughts = index.Find(part, Names.Thinking);
            Add(answer, SaidKind.Thinking, StringOf(index, part, Names.Thinking));
            for (int thought = FirstPart(index, thoughts); thought > 0; thought = NextPart(index, thoughts, thought))
            {
                Add(answer, SaidKind.Thinking, StringOf(index, thought, Names.Text));
            }

            Add(answer, SaidKind.Text, StringOf(index, part, Names.Text));
        }

        Add(answer, SaidKind.Text, StringOf(index, message, Names.Refusal));
        int calls = Names.FindSaid(index, message, Names.ToolCalls);
        if (calls >= 0 && index[calls].Kind != JsonToken.ArrayStart)
        {
            return false;
        }

        for (int call = calls + 1; calls >= 0 && call < index[calls].Next; call = index[call].Next)
        {
            int function = index.Find(call, Names.Function);
            Place name = StringOf(index, function, Names.Name);
            Place arguments = StringOf(index, function, Names.Arguments);
            if (!name.IsThere || !arguments.IsThere)
            {
                return false;
            }

            answer.Parts.Add(new Said(SaidKind.ToolCall, StringOf(index, call, Names.Id), name, arguments));
        }

        ReadFinish(index, choice);
        ReadUsage(index);
        answer.Stop = StopWith(hasCalls: calls >= 0 && index[calls].Next > calls + 1);
        answer.Usage = Usage;
        return true;
    }

    public override bool ReadEvent(JsonIndex index, ReadOnlySpan<byte> source, AnswerHead head, AnswerWriter to)
    {
        int choices = index.Find(0, Choices);
        if (!Names.Is(index, choices, JsonToken.ArrayStart))
        {
            return Names.FindSaid(index, 0, UsageName) >= 0 && ReadUsage(index);
        }

        ReadUsage(index);
        int choice = FirstChoice(index);
        if (choice < 0)
        {
            return true;
        }

        if (!HasBegun)
        {
            head.Take(source, StringOf(index, 0, Names.Id), StringOf(index, 0, Names.Model));
            HasBegun = true;
            to.BeginStream(head);
        }

        bool isGood = ReadDelta(index, source, index.Find(choice, Delta), to);
        ReadFinish(index, choice);
        return isGood;
    }

    /// <summary>What comes when all was said: "[DONE]", or the end of the stream after its finish_reason.</summary>
    public override bool EndStream(AnswerWriter to)
    {
        if (IsDone)
        {
            return true;
        }

        IsDone = true;
        return HasBegun && _hasFinished && to.EndStream(StopWith(hasCalls: _tool >= 0), Usage);
    }

    private bool ReadDelta(JsonIndex index, ReadOnlySpan<byte> source, int delta, AnswerWriter to)
    {
        bool isGood = Say(to, SaidKind.Thinking, source, ThinkingOf(index, delta));
        isGood &= Say(to, SaidKind.Text, source, StringOf(index, delta, Names.Content));
        int parts = index.Find(delta, Names.Content);
        for (int part = FirstPart(index, parts); part > 0; part = NextPart(index, parts, part))
        {
            int thoughts = index.Find(part, Names.Thinking);
            isGood &= Say(to, SaidKind.Thinking, source, StringOf(index, part, Names.Thinking));
            for (int thought = FirstPart(index, thoughts); thought > 0; thought = NextPart(index, thoughts, thought))
            {
                isGood &= Say(to, SaidKind.Thinking, source, StringOf(index, thought, Names.Text));
            }

            isGood &= Say(to, SaidKind.Text, source, StringOf(index, part, Names.Text));
        }

        isGood &= Say(to, SaidKind.Text, source, StringOf(index, delta, Names.Refusal));
        int calls = Names.FindSaid(index, delta, Names.ToolCalls);
        if (!Names.Is(index, calls, JsonToken.ArrayStart))
        {
            return isGood && calls < 0;
        }

        for (int call = calls + 1; isGood && call < index[calls].Next; call = index[call].Next)
        {
            isGood = ReadCall(index, source, call, to);
        }

        return isGood;
    }

    // Content may be a list of parts, thoughts among them that are a list themselves (Mistral's). 0 is no part.
    private static int FirstPart(JsonIndex index, int list) =>
        Names.Is(index, list, JsonToken.ArrayStart) && index[list].Next > list + 1 ? list + 1 : 0;

    private static int NextPart(JsonIndex index, int list, int part) =>
        index[part].Next < index[list].Next ? index[part].Next : 0;

    // Pieces of a call come under its number; a new number is the next call, and none before it goes on. Some servers
    // give all calls the same number: one with a name and another id is the next one, too.
    private bool ReadCall(JsonIndex index, ReadOnlySpan<byte> source, int call, AnswerWriter to)
    {
        int number = index.Find(call, Names.Index);
        int function = index.Find(call, Names.Function);
        Place name = StringOf(index, function, Names.Name);
        long place = number >= 0 && index[number].IsInteger ? index[number].Number
            : _tool + (name.IsEmpty ? 0 : 1);
        if (place < _tool || place < 0)
        {
            return false;
        }

        ulong id = Names.Word(index, index.Find(call, Names.Id));
        bool isOther = place == _tool && !name.IsEmpty && id != 0 && _toolId != 0 && id != _toolId;
        if (place > _tool || isOther)
        {
            (_tool, _toolId) = (place, id);
            if (name.IsEmpty || !to.CallTool(source, StringOf(index, call, Names.Id), name))
            {
                return false;
            }
        }

        Place arguments = StringOf(index, function, Names.Arguments);
        if (!arguments.IsEmpty)
        {
            to.Arguments(source, arguments);
        }

        return true;
    }

    private static bool Say(AnswerWriter to, SaidKind kind, ReadOnlySpan<byte> source, Place text) =>
        text.IsEmpty || to.Say(kind, source, text);

    private static void Add(ChatAnswer answer, SaidKind kind, Place text)
    {
        if (!text.IsEmpty)
        {
            answer.Parts.Add(new Said(kind, text));
        }
    }

    private static Place ThinkingOf(JsonIndex index, int node)
    {
        Place text = StringOf(index, node, Names.ReasoningContent);
        return text.IsThere ? text : StringOf(index, node, Names.Reasoning);
    }

    // Others are not asked for; who sends them all the same has them left out.
    private static int FirstChoice(JsonIndex index)
    {
        int choices = index.Find(0, Choices);
        int end = Names.Is(index, choices, JsonToken.ArrayStart) ? index[choices].Next : 0;
        for (int choice = choices + 1; choice < end; choice = index[choice].Next)
        {
            int number = index.Find(choice, Names.Index);
            if (number < 0 || !index[number].IsInteger || index[number].Number == 0)
            {
                return choice;
            }
        }

        return -1;
    }

    private void ReadFinish(JsonIndex index, int choice)
    {
        ulong reason = Names.Word(index, index.Find(choice, Finish));
        if (reason != 0)
        {
            _hasFinished = true;
            Stop = AnswerMembers.Chat.StopOf(reason);
        }
    }

    // A call of the one tool that was asked for by name ends with "stop", too: others say that it is a call.
    private StopReason StopWith(bool hasCalls) =>
        hasCalls && Stop == StopReason.End ? StopReason.Tool : Stop;

    private bool ReadUsage(JsonIndex index)
    {
        int usage = index.Find(0, UsageName);
        if (!Names.Is(index, usage, JsonToken.ObjectStart))
        {
            return false;
        }

        int prompt = index.Find(usage, PromptDetails);
        Usage = new AnswerUsage(
            true,
            CountOf(index, usage, PromptTokens),
            CountOf(index, usage, CompletionTokens),
            CountOf(index, prompt, CachedTokens),
            CountOf(index, prompt, WrittenTokens),
            CountOf(index, index.Find(usage, CompletionDetails), ReasoningTokens));
        return true;
    }
}
