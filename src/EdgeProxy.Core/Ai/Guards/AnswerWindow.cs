using System;
using System.Collections.Generic;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What a stream said since external guards were asked last, text by text, each with what it said in the window before:
/// what stands over a seam is seen. Texts are as they are spelled in JSON, with masks, and with placeholders for what
/// only the client gets back. Reused.
/// </summary>
internal sealed class AnswerWindow
{
    /// <summary>Of a text that no later event goes on with.</summary>
    public const ulong Loose = 0;

    private readonly List<Text> _texts = [];
    private readonly Stack<Text> _spares = new();

    /// <summary>Bytes that nobody was asked about.</summary>
    public int Fresh { get; private set; }

    /// <summary>A text goes on, or begins; false if there are more than are told apart.</summary>
    public bool TryAdd(ulong key, ReadOnlySpan<byte> spelled)
    {
        if (spelled.IsEmpty)
        {
            return true;
        }

        Text? text = key == Loose || PlaceOf(key) is not (>= 0 and var place) ? null : _texts[place];
        if (text is null && key == Loose && _texts.Count >= GuardLimits.LanesMax / 2
            && _texts.FindLast(static candidate => candidate.Key == Loose) is { } last)
        {
            // There are many that stand alone, as tokens of logprobs do: they leave room for those that go on.
            text = last;
            text.Bytes.Append("\\n"u8);
        }

        if (text is null && _texts.Count == GuardLimits.LanesMax)
        {
            return false;
        }

        if (text is null)
        {
            text = _spares.TryPop(out Text? spare) ? spare : new Text();
            text.Key = key;
            _texts.Add(text);
        }

        text.IsOver = false;
        text.Bytes.Append(spelled);
        Fresh += spelled.Length;
        return true;
    }

    /// <summary>A text is over: what was asked of it leaves its room to others.</summary>
    public void End(ulong key)
    {
        int place = PlaceOf(key);
        if (place >= 0 && _texts[place].Bytes.Length == _texts[place].Seam)
        {
            Retire(_texts[place]);
            _texts.RemoveAt(place);
        }
        else if (place >= 0)
        {
            _texts[place].IsOver = true;
        }
    }

    /// <summary>Writes what guards are asked; from here on nothing is fresh.</summary>
    public void Ask(bool isEnd, ByteBuffer question)
    {
        question.Append("{\"stream\":true,\"is_end\":"u8);
        question.Append(isEnd ? "true"u8 : "false"u8);
        question.Append(",\"texts\":["u8);
        bool isFirst = true;
        for (int i = 0; i < _texts.Count; i++)
        {
            Text text = _texts[i];
            if (text.Bytes.Length > text.Seam)
            {
                question.Append(isFirst ? "\""u8 : ",\""u8);
                question.Append(text.Bytes.Bytes);
                question.Append("\""u8);
                isFirst = false;
            }
        }

        question.Append("]}"u8);
        Settle();
    }

    public void Release()
    {
        foreach (Text text in _texts)
        {
            Retire(text);
        }

        _texts.Clear();
        Fresh = 0;
    }

    // The first: a closure would be an allocation.
    private int PlaceOf(ulong key)
    {
        int place = 0;
        while (place < _texts.Count && _texts[place].Key != key)
        {
            place++;
        }

        return place < _texts.Count ? place : -1;
    }

    private void Settle()
    {
        for (int i = _texts.Count - 1; i >= 0; i--)
        {
            Text text = _texts[i];
            if (text.Key == Loose || text.IsOver)
            {
                Retire(text);
                _texts.RemoveAt(i);
            }
            else if (text.Bytes.Length > text.Seam)
            {
                text.Bytes.DropFirst(text.Seam);
                text.Seam = text.Bytes.Length;
            }
        }

        Fresh = 0;
    }

    private void Retire(Text text)
    {
        text.Bytes.Clear();
        text.Seam = 0;
        text.IsOver = false;
        _spares.Push(text);
    }

    private sealed class Text
    {
        public ulong Key { get; set; }

        public ByteBuffer Bytes { get; } = new();

        /// <summary>Bytes that guards were asked about.</summary>
        public int Seam { get; set; }

        /// <summary>No later event goes on with it.</summary>
        public bool IsOver { get; set; }
    }
}
