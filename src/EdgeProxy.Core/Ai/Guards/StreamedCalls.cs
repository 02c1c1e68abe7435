using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Calls of tools that a stream tells in parts: put together, and judged where they end. While one is open whose tool
/// alone does not decide, nothing of the stream goes on: no client sees the beginning of a call that is denied.
/// </summary>
internal sealed class StreamedCalls(GuardWork work, AiLoop loop)
{
    private const int AllOwners = -1;

    private readonly List<OpenCall> _open = [];
    private readonly Stack<OpenCall> _spares = new();
    private int _bytes;

    private ToolCallRules Rules => work.Guard.Answer.Calls;

    /// <summary>No rule is about calls.</summary>
    public bool IsIdle => Rules.IsEmpty;

    /// <summary>What comes of a call is open.</summary>
    public bool IsWaiting { get; private set; }

    public void Begin()
    {
        foreach (OpenCall call in _open)
        {
            Retire(call);
        }

        _open.Clear();
        _bytes = 0;
        IsWaiting = false;
    }

    /// <summary>A call goes on, or begins.</summary>
    /// <param name="owner">Choice, block or item.</param>
    /// <param name="part">Place of the call in it; -1 if it has one at most.</param>
    /// <param name="name">Node of the tool's name; -1 if it is not told here.</param>
    /// <param name="given">Node of more of its arguments; -1 if there is none.</param>
    /// <param name="isFree">Its arguments are the tool's own text, not JSON.</param>
    /// <param name="isToldWhole">An event to come tells all of it: there it is judged (ToolCallWalk).</param>
    /// <param name="isAgain">The arguments are whole: all that came before, or that came nowhere else.</param>
    public void Take(
        JsonIndex index,
        ReadOnlySpan<byte> data,
        int owner,
        int part,
        int name,
        int given,
        bool isFree = false,
        bool isToldWhole = false,
        bool isAgain = false)
    {
        if (Find(owner, part) is not { } call)
        {
            return;
        }

        if (name >= 0 && index[name].Kind == JsonToken.String && index[name].End - index[name].Start > 2)
        {
            call.Name(JsonText.Of(data[index[name].Start..index[name].End]));
        }

        call.IsFree |= isFree;
        call.IsToldWhole |= isToldWhole;
        if (given >= 0 && index[given].Kind != JsonToken.Null)
        {
            bool isText = index[given].Kind == JsonToken.String;
            ReadOnlySpan<byte> value = data[index[given].Start..index[given].End];
            value = isText ? value[1..^1] : value;
            if (!isAgain || call.Bytes == 0)
            {
                _bytes += value.Length;
                call.Bytes += value.Length;
                call.Add(value, isText, hasRoom: _bytes <= GuardLimits.ArgumentsBytesMax);
            }
            else if (!call.Has(value))
            {
                call.Spoil(); // two that may be taken for the arguments
            }
        }

        CallOutlook outlook = Rules.Foresee(call.Tool);
        IsWaiting |= IsOpen(call, outlook);
        if (outlook == CallOutlook.Denied && !work.Answer.IsBlocked)
        {
            loop.CallArguments.TakeUnknown();
            Rules.Judge(call.Tool, loop.CallArguments, work.Answer, isRepeat: false);
        }
    }

    /// <summary>The calls of a choice, a block or an item are whole; without one, all.</summary>
    /// <param name="isRepeated">They are told whole as well, and counted there.</param>
    public void End(int owner = AllOwners, bool isRepeated = false)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            OpenCall call = _open[i];
            if (owner == AllOwners || call.Owner == owner)
            {
                Judge(call, isRepeated);
                Retire(call);
                _open.RemoveAt(i);
            }
        }

        IsWaiting = false;
        foreach (OpenCall call in _open)
        {
            IsWaiting |= IsOpen(call, Rules.Foresee(call.Tool));
        }
    }

    // One whose name is told in two ways, or not yet, is stopped at its end: nothing more of it goes before.
    private bool IsOpen(OpenCall call, CallOutlook outlook) =>
        outlook == CallOutlook.Open || ((call.IsOdd || call.Tool.IsEmpty) && Rules.CanStop);

    private OpenCall? Find(int owner, int part)
    {
        foreach (OpenCall call in _open)
        {
            if (call.Owner == owner && call.Part == part)
            {
                return call;
            }
        }

        if (_open.Count == GuardLimits.LanesMax)
        {
            if (Rules.CanStop)
            {
                work.Answer.BlockFor("too_many_texts");
            }

            return null;
        }

        OpenCall opened = _spares.TryPop(out OpenCall? spare) ? spare : new OpenCall();
        opened.Begin(owner, part);
        _open.Add(opened);
        return opened;
    }

    private void Judge(OpenCall call, bool isRepeated)
    {
        if (work.Answer.IsBlocked || (isRepeated && (call.IsToldWhole || call.Tool.IsEmpty)))
        {
            return;
        }

        if ((call.IsOdd || call.Tool.IsEmpty) && Rules.CanStop)
        {
            work.Answer.BlockFor("tool_call"); // its name is told in two ways, or not at all
            return;
        }

        if (call.IsToldWhole)
        {
            call.Spoil(); // and was not: nobody knows what it is told with
        }

        CallArguments arguments = loop.CallArguments;
        arguments.Placeholders = work.Placeholders;
        call.Give(arguments);
        Rules.Judge(call.Tool, arguments, work.Answer, isRepeated);
        arguments.Release();
    }

    private void Retire(OpenCall call)
    {
        _bytes -= call.Bytes;
        call.Release();
        _spares.Push(call);
    }

    private sealed class OpenCall
    {
        private readonly byte[] _name = new byte[JsonText.BytesMax];
        private readonly ByteBuffer _given = new();
        private int _nameLength;
        private bool _isUnreadable;
        private bool _isValue;

        public int Owner { get; private set; }

        public int Part { get; private set; }

        /// <summary>What it is called by cannot be told.</summary>
        public bool IsOdd { get; private set; }

        public bool IsFree { get; set; }

        public bool IsToldWhole { get; set; }

        /// <summary>Of its arguments that came.</summary>
        public int Bytes { get; set; }

        public ReadOnlySpan<byte> Tool => _name.AsSpan(0, _nameLength);

        public void Begin(int owner, int part)
        {
            (Owner, Part) = (owner, part);
            _nameLength = 0;
            Bytes = 0;
            _isUnreadable = false;
            _isValue = false;
            IsOdd = false;
            IsFree = false;
            IsToldWhole = false;
        }

        // Some servers say it with each part.
        public void Name(in JsonText name)
        {
            IsOdd |= !name.IsShort || (_nameLength > 0 && !Tool.SequenceEqual(name.Span));
            if (_nameLength == 0)
            {
                name.Span.CopyTo(_name);
                _nameLength = name.Span.Length;
            }
        }

        // Messages begin a block with {}, and what comes in parts takes its place.
        public void Add(ReadOnlySpan<byte> given, bool isText, bool hasRoom)
        {
            if (_isValue && _given.Bytes.SequenceEqual("{}"u8))
            {
                _given.Clear();
                _isValue = false;
            }

            if (!hasRoom || (_given.Length > 0 && _isValue == isText))
            {
                _isUnreadable = true; // too long, or a value and parts of a text
                _given.Clear();
            }
            else if (!_isUnreadable)
            {
                _isValue = !isText;
                _given.Append(given);
            }
        }

        /// <summary>They are those.</summary>
        public bool Has(ReadOnlySpan<byte> given) => !_isUnreadable && _given.Bytes.SequenceEqual(given);

        /// <summary>Nobody can say what they are.</summary>
        public void Spoil()
        {
            _isUnreadable = true;
            _given.Clear();
        }

        public void Give(CallArguments arguments)
        {
            if (_isUnreadable)
            {
                arguments.TakeUnreadable();
            }
            else if (_isValue)
            {
                arguments.TakeValue(_given.Bytes);
            }
            else if (IsFree)
            {
                arguments.TakeFree(_given.Bytes);
            }
            else
            {
                arguments.TakeString(_given.Bytes);
            }
        }

        public void Release() => _given.Clear();
    }
}
