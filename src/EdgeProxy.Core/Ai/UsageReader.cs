using System;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Ai;

/// <summary>How an answer's body is made.</summary>
internal enum AnswerForm : byte
{
    /// <summary>Nothing to look at.</summary>
    Other,

    /// <summary>One JSON text, or one a line (NDJSON).</summary>
    Json,

    /// <summary>text/event-stream with JSON as data.</summary>
    Events,
}

/// <summary>
/// Reads what an answer says of its tokens, of errors within a stream, and how much text it carries, while it passes,
/// in every dialect and whatever pieces it comes in. Keeps nothing of it.
/// </summary>
internal struct UsageReader
{
    private const int LevelsMax = 5;
    private const int ChoiceDepth = 3; // within choices' array within the answer
    private const int ChoicesMax = 128;

    private AnswerForm _form;
    private SseReader _events;
    private JsonScanner _json;
    private bool _skipsEvent;
    private Levels _names;
    private Usage _usage;
    private AnswerFacts? _facts;
    private int _openBlocks;
    private int _eventIndex;
    private bool _beginsBlock;
    private bool _endsBlock;
    private bool _repeats;
    private bool _endsChoice;
    private int _choice;

    /// <summary>Field by field the last that was said: totals grow, and are never to be added.</summary>
    public readonly Usage Usage => _usage;

    /// <summary>It cannot tell what the answer says.</summary>
    public readonly bool IsBlind => _form == AnswerForm.Other || _skipsEvent;

    /// <summary>An error stands in the answer, whatever its status.</summary>
    public bool HasError { get; private set; }

    /// <summary>
    /// Bytes of text, reasoning and tool arguments so far, each once: events of Responses that repeat what was said do
    /// not count.
    /// </summary>
    public long TextBytes { get; private set; }

    /// <summary>Pieces of it that came: in a stream no model sends less than a token with each.</summary>
    public long TextPieces { get; private set; }

    /// <summary>A bit for each choice of a chat, up to 127, that said how it ended.</summary>
    public UInt128 EndedChoices { get; private set; }

    /// <summary>sequence_number of the last event of Responses.</summary>
    public long EventNumber { get; private set; }

    /// <summary>The index of the block of a message that is open; -1 if none is.</summary>
    public readonly int OpenBlock => _openBlocks - 1;

    /// <summary>Something of the model's own came: text, a tool call, an end.</summary>
    public bool HasContent { get; private set; }

    /// <param name="facts">Told what it says of models and tools; null if nobody asks.</param>
    /// <param name="isResponses">Its events repeat what was said before: only their deltas are counted.</param>
    public void Begin(AnswerForm form, AnswerFacts? facts = null, bool isResponses = false)
    {
        this = default;
        _form = form;
        _facts = facts;
        _repeats = isResponses && form == AnswerForm.Events;
    }

    public void Take(ReadOnlySpan<byte> payload)
    {
        if (_form == AnswerForm.Json)
        {
            TakeTexts(payload);
        }
        else if (_form == AnswerForm.Events)
        {
            TakeEvents(payload);
        }
    }

    private void TakeEvents(ReadOnlySpan<byte> payload)
    {
        int at = 0;
        while (true)
        {
            switch (_events.Next(payload, ref at, out ReadOnlySpan<byte> data))
            {
                case SseStep.NeedMore:
                    return;
                case SseStep.Data:
                    TakeJson(data);
                    break;
                case SseStep.DataLine:
                    TakeJson("\n"u8);
                    break;
                case SseStep.EventEnd:
                    EndEvent();
                    break;
            }
        }
    }

    private void EndEvent()
    {
        _facts?.EndText();
        _json = default;
        _skipsEvent = false;
        _openBlocks = _beginsBlock ? _eventIndex + 1 : _endsBlock ? 0 : _openBlocks;
        _beginsBlock = _endsBlock = false;
    }

    // One text after the other; what is no JSON ends the looking at it.
    private void TakeTexts(ReadOnlySpan<byte> payload)
    {
        int at = 0;
        while (at < payload.Length && !_skipsEvent)
        {
            if (_json.IsComplete)
            {
                _json = default;
            }

            Step(payload, ref at);
        }
    }

    // [DONE] is no JSON, and there may be more that is none.
    private void TakeJson(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (at < data.Length && !_skipsEvent)
        {
            Step(data, ref at);
        }
    }

    private void Step(ReadOnlySpan<byte> bytes, ref int at)
    {
        JsonToken token = _json.Next(bytes, ref at);
        switch (token)
        {
            case JsonToken.NeedMore:
                break;
            case JsonToken.Malformed:
                _skipsEvent = true;
                break;
            case JsonToken.Name:
                SetName(_json.Depth, AnswerKeys.Of(in _json.Text));
                break;
            case JsonToken.ObjectStart:
            case JsonToken.ArrayStart:
                _facts?.Open(NameAt(_json.Depth - 1), _json.Depth);
                Note(token, _json.Depth - 1);
                SetName(_json.Depth, AnswerKey.Other);
                break;
            case JsonToken.ObjectEnd:
            case JsonToken.ArrayEnd:
                _facts?.Close(_json.Depth);
                EndChoice(_json.Depth);
                break;
            case JsonToken.String when _facts is not null:
                _facts.String(NameAt(_json.Depth), _json.Depth, in _json.Text, IsOfAnswer(_json.Depth));
                Note(token, _json.Depth);
                break;
            default:
                Note(token, _json.Depth);
                break;
        }
    }

    // A value at a depth: the name before it, and the names of what it stands in.
    private void Note(JsonToken token, int depth)
    {
        AnswerKey key = NameAt(depth);
        if (key == AnswerKey.Error && token != JsonToken.Null
            && (depth == 1 || (depth == 2 && NameAt(1) == AnswerKey.Response)))
        {
            HasError = true;
        }
        else if (key == AnswerKey.ToolCalls && token == JsonToken.ArrayStart)
        {
            HasContent = true;
        }
        else if (key is AnswerKey.Text or AnswerKey.Delta or AnswerKey.Arguments or AnswerKey.Response
            && token == JsonToken.String && _json.Text.Length > 0)
        {
            HasContent = true;
            if (!_repeats || (key == AnswerKey.Delta && depth == 1))
            {
                TextBytes += _json.Text.Length;
                TextPieces++;
            }
        }
        else if (key == AnswerKey.Type && depth == 1 && token == JsonToken.String)
        {
            _beginsBlock = _json.Text.Is("content_block_start"u8);
            _endsBlock = _json.Text.Is("content_block_stop"u8);
            HasError |= _json.Text.Is("error"u8); // in Responses nothing else says so
        }
        else if (key == AnswerKey.Object && depth == 1 && token == JsonToken.String)
        {
            HasError |= _json.Text.Is("error"u8); // vLLM's, before it had OpenAI's shape
        }
        else if (key == AnswerKey.End && token is JsonToken.String or JsonToken.True)
        {
            HasContent = true;
            _endsChoice |= depth == ChoiceDepth;
        }
        else if (token == JsonToken.Number && _json.Number is { IsInteger: true, Value: >= 0 } number)
        {
            NoteCount(key, depth, number.Value);
        }
    }

    private void NoteCount(AnswerKey key, int depth, long value)
    {
        bool isOfUsage = IsUsage(depth - 1);
        switch (key)
        {
            case AnswerKey.Input when isOfUsage:
            case AnswerKey.OllamaInput when depth == 1:
                _usage.Input = value;
                break;
            case AnswerKey.Output when isOfUsage:
            case AnswerKey.OllamaOutput when depth == 1:
                _usage.Output = value;
                break;
            case AnswerKey.Cached when isOfUsage || (NameAt(depth - 1) == AnswerKey.Details && IsUsage(depth - 2)):
                _usage.Cached = value;
                break;
            case AnswerKey.CacheWritten when isOfUsage
                || (NameAt(depth - 1) == AnswerKey.Details && IsUsage(depth - 2)):
                _usage.CacheWritten = value;
                break;
            case AnswerKey.Reasoning when NameAt(depth - 1) == AnswerKey.Details && IsUsage(depth - 2):
                _usage.Reasoning = value;
                break;
            case AnswerKey.Sequence when depth == 1:
                EventNumber = value;
                return;
            case AnswerKey.Index when depth == 1:
                _eventIndex = (int)Math.Min(value, int.MaxValue - 1);
                return;
            case AnswerKey.Index when depth == ChoiceDepth:
                _choice = (int)Math.Min(value, int.MaxValue);
                return;
            default:
                return;
        }

        _usage.IsThere = true;
    }

    // An object at the depth of a chat's choices ended, which is at most one in an array.
    private void EndChoice(int outside)
    {
        if (outside != ChoiceDepth - 1)
        {
            return;
        }

        EndedChoices |= _endsChoice && _choice < ChoicesMax ? UInt128.One << _choice : 0;
        _endsChoice = false;
        _choice = 0;
    }

    // model, message.model, response.model.
    private readonly bool IsOfAnswer(int depth) =>
        depth == 1 || (depth == 2 && NameAt(1) is AnswerKey.Message or AnswerKey.Response);

    // usage, message.usage (Anthropic's first event), response.usage (Responses' last).
    private readonly bool IsUsage(int depth) =>
        NameAt(depth) == AnswerKey.Usage
        && (depth == 1 || (depth == 2 && NameAt(1) is AnswerKey.Message or AnswerKey.Response));

    private readonly AnswerKey NameAt(int depth) =>
        depth is > 0 and <= LevelsMax ? (AnswerKey)((ReadOnlySpan<byte>)_names)[depth - 1]
        : depth > LevelsMax ? (AnswerKey)((ReadOnlySpan<byte>)_names)[LevelsMax]
        : AnswerKey.Other;

    // What is deeper than is looked at shares the last place, for texts.
    private void SetName(int depth, AnswerKey key)
    {
        if (depth > 0)
        {
            ((Span<byte>)_names)[Math.Min(depth, LevelsMax + 1) - 1] = (byte)key;
        }
    }

    [System.Runtime.CompilerServices.InlineArray(LevelsMax + 1)]
    private struct Levels
    {
        private byte _first;
    }
}
