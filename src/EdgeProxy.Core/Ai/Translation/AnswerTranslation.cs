using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Ai.Translation;

/// <summary>How an answer is translated.</summary>
internal enum TranslatedForm : byte
{
    /// <summary>It is not: its provider speaks the caller's dialect.</summary>
    None,

    /// <summary>One text, kept until it is whole.</summary>
    Whole,

    /// <summary>An error, kept likewise.</summary>
    Error,

    /// <summary>Event by event.</summary>
    Stream,
}

/// <summary>
/// One answer on its way from its provider's dialect to the caller's. Holds one event of a stream at most, of any other
/// answer all of it, within its limits and the budget of bodies. Reused with its call.
/// </summary>
internal sealed class AnswerTranslation
{
    /// <summary>Longest answer that is translated whole.</summary>
    public const int WholeBytesMax = 4 * 1024 * 1024;

    private readonly AiLoop _loop;
    private readonly HeldBody _held = new();
    private readonly TranslatedText _text = new();
    private readonly AnswerHead _head = new();
    private readonly ChatAnswer _answer = new();
    private readonly ChatAnswerReader _fromChat = new();
    private readonly MessagesAnswerReader _fromMessages = new();
    private readonly ChatAnswerWriter _toChat;
    private readonly MessagesAnswerWriter _toMessages;
    private readonly OllamaAnswerWriter _toOllama;
    private AnswerReader _reader;
    private AnswerWriter _writer;
    private SseReader _events;

    public AnswerTranslation(AiLoop loop)
    {
        _loop = loop;
        _toChat = new ChatAnswerWriter(_text);
        _toMessages = new MessagesAnswerWriter(_text);
        _toOllama = new OllamaAnswerWriter(_text, loop);
        _reader = _fromChat;
        _writer = _toChat;
    }

    public TranslatedForm Form { get; private set; }

    /// <summary>It is not to be passed on before its end.</summary>
    public bool IsHeld => Form is TranslatedForm.Whole or TranslatedForm.Error && !IsUnreadable;

    /// <summary>It is not what its dialect has there, or too long: the caller gets an error in its place.</summary>
    public bool IsUnreadable { get; private set; }

    /// <summary>A stream had its last words, whatever else comes.</summary>
    public bool IsOver => Form == TranslatedForm.Stream && _writer.IsOver;

    /// <summary>What its provider counted, as Anthropic counts it: what a cache had to do with stands apart.</summary>
    public Usage Usage
    {
        get
        {
            AnswerUsage usage = _reader.Usage;
            return new Usage
            {
                IsThere = usage.IsThere,
                Input = Math.Max(0, usage.Input - usage.Cached - usage.Written),
                Output = usage.Output,
                Cached = usage.Cached,
                CacheWritten = usage.Written,
                Reasoning = usage.Reasoning,
            };
        }
    }

    /// <summary>Bytes of the provider's answer.</summary>
    public long Taken { get; private set; }

    /// <param name="from">The provider's.</param>
    /// <param name="to">The caller's.</param>
    /// <param name="output">Memory comes from where it has it.</param>
    public void Begin(TranslatedForm form, AiCallKind from, AiCallKind to, HeldBody output, long unixMs)
    {
        Release();
        Taken = 0;
        Form = form;
        _held.BindAs(output, _loop.Budget);
        _toOllama.BindAs(output);
        _reader = from == AiCallKind.Messages ? _fromMessages : _fromChat;
        _writer = to switch
        {
            AiCallKind.Messages => _toMessages,
            AiCallKind.OllamaChat => _toOllama,
            _ => _toChat,
        };
        _reader.Begin();
        _writer.Begin();
        _head.Begin(unixMs);
        _events = default;
    }

    /// <summary>Bytes of the provider's answer; what they come to goes to <paramref name="output"/>.</summary>
    public void Take(ReadOnlySpan<byte> payload, HeldBody output)
    {
        Taken += payload.Length;
        if (Form == TranslatedForm.Stream)
        {
            TakeEvents(payload, output);
        }
        else if (!IsUnreadable && (payload.Length > WholeBytesMax - _held.Length || !_held.TryAppend(payload)))
        {
            _held.Release();
            IsUnreadable = Form == TranslatedForm.Whole; // of an error the status is left
        }
    }

    /// <summary>The provider's answer ended.</summary>
    public void TakeEnd(HeldBody output)
    {
        _text.Begin(output);
        switch (Form)
        {
            case TranslatedForm.Stream when !IsOver:
                if (_held.Length > 0)
                {
                    Event(_held.Bytes);
                }

                if (!IsOver && !_reader.EndStream(_writer))
                {
                    Fail("\"The provider's stream ended before its answer did.\""u8, AnswerErrors.Unsorted);
                }

                break;
            case TranslatedForm.Whole when !IsUnreadable:
                IsUnreadable = !WriteWhole();
                break;
            case TranslatedForm.Error:
                WriteError();
                break;
        }

        _held.Release();
        _loop.Index.Reset();
    }

    public void Release()
    {
        Form = TranslatedForm.None;
        IsUnreadable = false;
        _held.Release();
        _toOllama.Release();
        _answer.Reset();
    }

    private bool WriteWhole()
    {
        _answer.Reset();
        return _loop.Index.Read(_held.Bytes) == JsonFault.None
            && _reader.ReadWhole(_loop.Index, _held.Bytes, _head, _answer)
            && _writer.WriteWhole(_held.Bytes, _head, _answer)
            && !_text.IsFull;
    }

    private void WriteError()
    {
        Place message = _loop.Index.Read(_held.Bytes) == JsonFault.None
            ? AnswerReader.ErrorOf(_loop.Index)
            : default;
        AnswerErrors.Write(_text, _writer is MessagesAnswerWriter ? Dialect.Anthropic
            : _writer is OllamaAnswerWriter ? Dialect.Ollama
            : Dialect.OpenAi,
            Status, message.IsThere ? _held.Bytes[message.Start..message.End] : AnswerErrors.Unsaid);
    }

    /// <summary>Of an error: the status its client is told.</summary>
    public int Status { get; set; }

    private void TakeEvents(ReadOnlySpan<byte> payload, HeldBody output)
    {
        _text.Begin(output);
        int at = 0;
        while (at < payload.Length && !IsOver)
        {
            int start = at;
            bool isWhole = EndsEvent(payload, ref at);
            ReadOnlySpan<byte> piece = payload[start..at];
            if (_held.Length + piece.Length > AiLimits.EventBytesMax)
            {
                Fail(AnswerErrors.Unreadable, AnswerErrors.Unsorted);
            }
            else if (isWhole && _held.Length == 0)
            {
                Event(piece);
            }
            else if (!_held.TryAppend(piece))
            {
                Fail(AnswerErrors.Unreadable, AnswerErrors.Unsorted);
            }
            else if (isWhole)
            {
                Event(_held.Bytes);
                _held.Release();
            }
        }

        _loop.Index.Reset();
    }

    private void Event(ReadOnlySpan<byte> whole)
    {
        int count = EventLines.Find(whole, out int start, out int length);
        if (count == 0)
        {
            return; // a comment, or nothing at all
        }

        ReadOnlySpan<byte> data = whole.Slice(start, length);
        if (count > 1)
        {
            Fail(AnswerErrors.Unreadable, AnswerErrors.Unsorted);
        }
        else if (_reader is ChatAnswerReader && data.SequenceEqual("[DONE]"u8))
        {
            Check(_reader.EndStream(_writer));
        }
        else if (_loop.Index.Read(data) != JsonFault.None)
        {
            Fail(AnswerErrors.Unreadable, AnswerErrors.Unsorted);
        }
        else if (Names.FindSaid(_loop.Index, 0, Names.Error) >= 0)
        {
            Place message = AnswerReader.ErrorOf(_loop.Index);
            Fail(message.IsThere ? data[message.Start..message.End] : AnswerErrors.Unsaid,
                AnswerErrors.StatusOf(_loop.Index));
        }
        else
        {
            Check(_reader.ReadEvent(_loop.Index, data, _head, _writer));
        }
    }

    private void Check(bool isGood)
    {
        if (!isGood || _text.IsFull)
        {
            Fail(AnswerErrors.Unreadable, AnswerErrors.Unsorted);
        }
    }

    private void Fail(ReadOnlySpan<byte> message, int status)
    {
        if (!IsOver)
        {
            _writer.Fail(message, status);
        }
    }

    private bool EndsEvent(ReadOnlySpan<byte> payload, ref int at)
    {
        SseStep step;
        do
        {
            step = _events.Next(payload, ref at, out _);
        }
        while (step is SseStep.Data or SseStep.DataLine);
        return step == SseStep.EventEnd;
    }
}
