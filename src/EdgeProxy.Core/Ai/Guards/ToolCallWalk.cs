using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Finds the whole calls of tools in one JSON text, the history of a request, an answer or an event of one, in the
/// shapes of all dialects wherever they stand in it, and has them judged. Names are taken in any case: a client written
/// in Go does, too.
/// </summary>
internal readonly ref struct ToolCallWalk
{
    private static readonly ulong ToolCalls = JsonText.HashOf("tool_calls"u8);
    private static readonly ulong FunctionCall = JsonText.HashOf("function_call"u8);
    private static readonly ulong Function = JsonText.HashOf("function"u8);
    private static readonly ulong Custom = JsonText.HashOf("custom"u8);
    private static readonly ulong Name = JsonText.HashOf("name"u8);
    private static readonly ulong Delta = JsonText.HashOf("delta"u8);

    private readonly JsonIndex _index;
    private readonly ReadOnlySpan<byte> _text;
    private readonly ToolCallRules _rules;
    private readonly CallArguments _arguments;
    private readonly GuardVerdict _verdict;
    private readonly SaidTexts? _said;

    private ToolCallWalk(
        JsonIndex index,
        ReadOnlySpan<byte> text,
        ToolCallRules rules,
        CallArguments arguments,
        GuardVerdict verdict,
        SaidTexts? said)
    {
        _index = index;
        _text = text;
        _rules = rules;
        _arguments = arguments;
        _verdict = verdict;
        _said = said;
    }

    /// <summary>Judges every call.</summary>
    /// <param name="arguments">Memory for one after the other.</param>
    /// <param name="isEvent">The text is an event of a stream: what is in a delta is no whole call.</param>
    /// <param name="said">What was told before, which is not counted twice; null if all of it is new.</param>
    public static void Run(
        JsonIndex index,
        ReadOnlySpan<byte> text,
        ToolCallRules rules,
        CallArguments arguments,
        GuardVerdict verdict,
        bool isEvent,
        SaidTexts? said)
    {
        var walk = new ToolCallWalk(index, text, rules, arguments, verdict, said);
        for (int node = 0; node < index.Count && !verdict.IsBlocked;)
        {
            ref readonly JsonNode at = ref index[node];
            bool isContainer = at.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart;
            if (!isContainer || (isEvent && at.NameStart >= 0 && at.NameHash == Delta))
            {
                node = at.Next;
                continue;
            }

            ulong name = at.NameStart >= 0 ? FoldedName.HashOf(at, text) : 0;
            bool isCall = name == FunctionCall || name == ToolCalls
                || (at.Kind == JsonToken.ObjectStart && IsTyped(index, text, node, out _));
            if (isCall && at.Kind == JsonToken.ArrayStart)
            {
                for (int item = node + 1; item < at.Next; item = index[item].Next)
                {
                    walk.Call(item);
                }
            }
            else if (isCall)
            {
                walk.Call(node);
            }

            bool isSkipped = isCall || (at.Kind == JsonToken.ObjectStart && GuardNames.IsFree(name));
            node = isSkipped ? at.Next : node + 1;
        }
    }

    /// <summary>The object's type is that of a call of a tool.</summary>
    /// <param name="type">The node of its type; -1 if it has none, or one that is no word.</param>
    public static bool IsTyped(JsonIndex index, ReadOnlySpan<byte> text, int node, out int type)
    {
        bool isTwice = false;
        type = FoldedName.Find(index, text, node, GuardNames.Type, ref isTwice);
        if (type < 0 || index[type].Kind != JsonToken.String)
        {
            type = -1;
            return false;
        }

        JsonText word = JsonText.Of(text[index[type].Start..index[type].End]);
        ReadOnlySpan<byte> span = word.IsShort ? word.Span : default;
        return span.EndsWith("_call"u8) || span.EndsWith("tool_use"u8) || span.SequenceEqual("mcp_approval_request"u8);
    }

    // Some servers write null for all they have not.
    private int Find(int node, ulong name, ref bool isOdd)
    {
        int found = FoldedName.Find(_index, _text, node, name, ref isOdd);
        return found >= 0 && _index[found].Kind != JsonToken.Null ? found : -1;
    }

    // One call: what it is called by and with stands in it, or in its function or custom part. Which of them counts is
    // the client's to say, so each that is there is judged.
    private void Call(int node)
    {
        if (_index[node].Kind == JsonToken.Null)
        {
            return;
        }

        bool isOdd = false;
        int function = Find(node, Function, ref isOdd);
        int custom = Find(node, Custom, ref isOdd);
        bool hasOwn = Find(node, Name, ref isOdd) >= 0;
        bool isRepeat = _said?.HasSaid(_text[_index[node].Start.._index[node].End]) == true;
        if (function >= 0)
        {
            Judge(function, isRepeat, ref isOdd);
        }

        if (custom >= 0)
        {
            Judge(custom, isRepeat, ref isOdd);
        }

        if (hasOwn || (function < 0 && custom < 0))
        {
            Judge(node, isRepeat, ref isOdd);
        }

        if (isOdd && _rules.CanStop)
        {
            _verdict.BlockFor("tool_call"); // two that may be taken for one
        }
    }

    private void Judge(int node, bool isRepeat, ref bool isOdd)
    {
        int name = Find(node, Name, ref isOdd);
        int given = Find(node, GuardNames.Arguments, ref isOdd);
        int input = Find(node, GuardNames.Input, ref isOdd);
        bool isNameless = name < 0 && IsTyped(_index, _text, node, out name);
        JsonText tool = name >= 0 && _index[name].Kind == JsonToken.String
            ? JsonText.Of(_text[_index[name].Start.._index[name].End])
            : default;
        if (!tool.IsShort)
        {
            isOdd = true;
            return;
        }

        if (given >= 0 || input < 0)
        {
            // Of what the provider or the client runs itself, as a shell, all that is said is its argument.
            Take(given >= 0 ? given : isNameless ? node : -1, isFree: false);
            _rules.Judge(tool.Span, _arguments, _verdict, isRepeat);
        }

        if (input >= 0)
        {
            Take(input, isFree: true);
            _rules.Judge(tool.Span, _arguments, _verdict, isRepeat);
        }

        _arguments.Release();
    }

    private void Take(int node, bool isFree)
    {
        if (node < 0 || _index[node].Kind == JsonToken.Null)
        {
            _arguments.TakeValue("{}"u8);
            return;
        }

        ReadOnlySpan<byte> value = _text[_index[node].Start.._index[node].End];
        switch (_index[node].Kind)
        {
            case JsonToken.String when isFree:
                _arguments.TakeFree(value[1..^1]);
                break;
            case JsonToken.String:
                _arguments.TakeString(value[1..^1]);
                break;
            default:
                _arguments.TakeValue(value);
                break;
        }
    }
}
