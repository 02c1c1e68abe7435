using System;
using System.Collections.Generic;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// A streamed answer under a guard, event by event. Texts that come in parts are put together in lanes and passed on as
/// far as they are decided; what is held goes with the next part, or into an event of the proxy's own where the text
/// ends. Every other string is looked at by itself. An event that cannot be read ends the stream, if a rule enforces.
/// </summary>
internal sealed class StreamGuard(GuardWork work, AiLoop loop, GuardWalk walk)
{
    private const int AllOwners = -1;

    private readonly List<StreamLane> _lanes = [];
    private readonly Stack<StreamLane> _spares = new();
    private readonly List<LanePart> _parts = [];
    private readonly List<StreamLane> _ending = [];
    private readonly ByteBuffer _spelled = new();
    private readonly ByteBuffer _own = new();
    private readonly StreamedCalls _calls = new(work, loop);
    private readonly HeldBody _waiting = new(); // written, and not the client's before calls of tools are whole
    private readonly ChatStream _chat = new();
    private readonly MessagesStream _messages = new();
    private readonly ResponsesStream _responses = new();
    private readonly OllamaStream _ollama = new();
    private readonly AnswerWindow? _window = work.Guard.External.AskAnswers ? new AnswerWindow() : null;
    private readonly ByteBuffer _shown = new();
    private readonly SaidTexts _said = new();
    private StreamDialect _dialect = null!;
    private bool _isAsking;
    private bool _isEnd;
    private int _apart;

    /// <summary>The stream was ended; nothing more is passed on.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Something could not be looked into, and passed because no rule enforces.</summary>
    public bool HasPassedUnread { get; private set; }

    /// <summary>Something of a text waits.</summary>
    public bool HasHeld
    {
        get
        {
            bool hasHeld = false;
            foreach (StreamLane lane in _lanes)
            {
                hasHeld |= lane.Text.HasHeld;
            }

            return hasHeld && !IsOver;
        }
    }

    /// <summary>External guards are to be asked, so that it can go on.</summary>
    public bool IsDue => _window is { Fresh: > 0 } && !_isAsking && !IsOver
        && (_isEnd || _window.Fresh >= work.Guard.Settings.AnswerWindowBytes);

    /// <summary>Writes what they are asked; the stream waits for <see cref="TakeReplies"/>.</summary>
    public void BeginAsking(ByteBuffer question)
    {
        _isAsking = true;
        _window!.Ask(_isEnd, question);
    }

    /// <summary>What they said is in the verdict.</summary>
    public void TakeReplies(HeldBody output)
    {
        _isAsking = false;
        LetGo(output);
    }

    public void Begin(AiCallKind kind)
    {
        Release();
        _dialect = kind switch
        {
            AiCallKind.Messages => _messages,
            AiCallKind.Responses => _responses,
            AiCallKind.OllamaChat or AiCallKind.OllamaGenerate => _ollama,
            _ => _chat,
        };
        _dialect.Begin();
    }

    /// <summary>One event, or line; its data stands in it in one piece.</summary>
    /// <param name="whole">With what frames it.</param>
    public void Take(ReadOnlySpan<byte> whole, int start, int length, HeldBody output)
    {
        ReadOnlySpan<byte> data = whole.Slice(start, length);
        if (data.SequenceEqual("[DONE]"u8))
        {
            End(output);
            if (!IsOver)
            {
                Put(TargetOf(output), whole);
                LetGo(output);
            }

            return;
        }

        JsonIndex index = loop.Index;
        if (index.Read(data) != JsonFault.None)
        {
            Unread(whole, "malformed", output);
            return;
        }

        JsonEdits edits = loop.Edits;
        edits.Reset();
        Mark();
        _dialect.Read(this, index, data);
        ReadCalls(index, data);
        HeldBody target = TargetOf(output);
        TakeParts(index, data, edits);
        Flush(target);
        Array.Sort(walk.Apart, 0, _apart);
        walk.Window = _window;
        walk.Said = _dialect.IsWhole ? _said : null;
        walk.Run(index, data, edits, work.Answer, _dialect.IsRepeat);
        walk.Window = null;
        walk.Said = null;
        Array.Fill(walk.Apart, -1, 0, _apart);
        _apart = 0;
        if (work.Answer.IsBlocked)
        {
            Refuse(output);
        }
        else
        {
            _dialect.Renumber(index, edits);
            Write(whole, start, length, edits, target);
            LetGo(output);
        }

        index.Reset();
    }

    /// <summary>An event that cannot be looked into: not JSON, in several lines, or too long.</summary>
    public void Unread(ReadOnlySpan<byte> whole, string cause, HeldBody output)
    {
        Mark();
        if (work.EnforcesAnswer)
        {
            work.Answer.BlockFor(cause);
            Refuse(output);
        }
        else
        {
            HasPassedUnread = true;
            Put(TargetOf(output), whole);
            LetGo(output);
        }
    }

    /// <summary>The stream is over: what is held goes out.</summary>
    public void End(HeldBody output)
    {
        Mark();
        EndLanes();
        _calls.End();
        Flush(TargetOf(output));
        _isEnd = true;
        if (!IsOver)
        {
            LetGo(output);
        }
    }

    /// <summary>The block of Messages that the client knows to be open.</summary>
    /// <param name="read">The one in what was read.</param>
    public int OpenBlock(int read) => _waiting.Length > 0 ? _messages.OpenBlock : read;

    /// <summary>The last event came without its end: what follows it is an event of its own.</summary>
    public void Break(ReadOnlySpan<byte> end, HeldBody output) => TargetOf(output).TryAppend(end);

    // Where what is written goes.
    private HeldBody TargetOf(HeldBody output)
    {
        if (_window is null && !_calls.IsWaiting && _waiting.Length == 0)
        {
            return output;
        }

        if (_waiting.Length == 0)
        {
            _waiting.BindAs(output, loop.Budget);
        }

        return _waiting;
    }

    private void Mark()
    {
        if (_waiting.Length == 0)
        {
            _dialect.Mark();
        }
    }

    private void ReadCalls(JsonIndex index, ReadOnlySpan<byte> data)
    {
        if (!_calls.IsIdle && _dialect.ReadCalls(_calls, index, data) == CallReading.Whole)
        {
            work.JudgeCalls(index, data, _dialect.IsWhole ? _said : null);
        }
    }

    // What waited is the client's, or nobody's.
    private void LetGo(HeldBody output)
    {
        if (_waiting.Length > GuardLimits.WaitingBytesMax)
        {
            work.Answer.BlockFor("too_long");
        }

        if (work.Answer.IsBlocked)
        {
            Refuse(output);
        }
        else if (!_calls.IsWaiting && !_isAsking && _window is not { Fresh: > 0 } && _waiting.Length > 0)
        {
            output.TryAppend(_waiting.Bytes);
            _waiting.Release();
        }
    }

    /// <summary>A string of the event is no mark, and none of what no rule can look into: that is not held.</summary>
    public bool IsText(JsonIndex index, ReadOnlySpan<byte> data, int node, int parent, ulong name)
    {
        ulong folded = index[node].NameStart >= 0 ? FoldedName.HashOf(index[node], data) : name;
        return !GuardNames.IsStructure(name) && walk.IsText(index, data, node, parent, name)
            && (work.Guard.Settings.PassesAttachments
                || !GuardAttachments.Is(index, data, node, folded, isOfAnswer: true));
    }

    /// <summary>A string of the event that is a part of a longer text.</summary>
    /// <param name="owner">Choice, block or item.</param>
    /// <param name="part">Tool call or part in it; -1 if there is none.</param>
    /// <param name="note">What the dialect wants to know of the text later.</param>
    /// <param name="isJson">The text is JSON itself.</param>
    /// <param name="isEnd">It ends with the event's last part of it.</param>
    /// <param name="isSigned">It must not be changed, only stopped.</param>
    public void Part(
        int node,
        ulong name,
        int owner,
        int part,
        ReadOnlySpan<byte> note,
        bool isJson,
        bool isEnd,
        bool isSigned = false)
    {
        ulong key = StreamLane.KeyOf(name, owner, part);
        StreamLane? lane = null;
        foreach (StreamLane candidate in _lanes)
        {
            lane = candidate.Key == key ? candidate : lane;
        }

        if (_apart == GuardLimits.LanesMax || (lane is null && _lanes.Count == GuardLimits.LanesMax))
        {
            if (work.EnforcesAnswer)
            {
                work.Answer.BlockFor("too_many_texts");
            }

            HasPassedUnread = true; // but for what stands in this part alone
            return;
        }

        if (lane is null)
        {
            lane = _spares.TryPop(out StreamLane? spare) ? spare : new StreamLane(work.Guard.Answer, work.Placeholders);
            lane.Begin(name, owner, part, note, isJson);
            _lanes.Add(lane);
        }

        lane.IsSigned |= isSigned || _dialect.IsSigned(lane);
        lane.Text.Restores = !lane.IsSigned;
        lane.LastPart = _parts.Count;
        walk.Apart[_apart++] = node;
        _parts.Add(new LanePart(node, lane, isEnd));
    }

    /// <summary>A string that no rule can look into.</summary>
    public void Attachment(int node)
    {
        if (!work.Guard.Settings.PassesAttachments && work.Guard.Answer.Enforces)
        {
            work.Answer.BlockFor("attachment");
        }
        else
        {
            walk.Apart[_apart++] = node;
        }
    }

    /// <summary>The texts of a choice, a block or an item end; without one, all.</summary>
    public void EndLanes(int owner = AllOwners)
    {
        foreach (StreamLane lane in _lanes)
        {
            if ((owner == AllOwners || lane.Owner == owner) && !_ending.Contains(lane))
            {
                _ending.Add(lane);
            }
        }
    }

    /// <summary>One text ends.</summary>
    public void EndLane(ulong name, int owner, int part)
    {
        ulong key = StreamLane.KeyOf(name, owner, part);
        foreach (StreamLane lane in _lanes)
        {
            if (lane.Key == key)
            {
                _ending.Add(lane);
            }
        }
    }

    public void Release()
    {
        foreach (StreamLane lane in _lanes)
        {
            lane.Text.Release();
            _spares.Push(lane);
        }

        _lanes.Clear();
        _parts.Clear();
        _ending.Clear();
        _calls.Begin();
        _waiting.Release();
        _window?.Release();
        _said.Clear();
        _isAsking = false;
        _isEnd = false;
        Array.Fill(walk.Apart, -1, 0, _apart);
        _apart = 0;
        IsOver = false;
        HasPassedUnread = false;
    }

    private void TakeParts(JsonIndex index, ReadOnlySpan<byte> data, JsonEdits edits)
    {
        for (int i = 0; i < _parts.Count; i++)
        {
            LanePart part = _parts[i];
            bool isEnd = part.IsEnd && part.Lane.LastPart == i;
            ReadOnlySpan<byte> spelled = data[(index[part.Node].Start + 1)..(index[part.Node].End - 1)];
            Look(part.Lane, spelled, isEnd);
            part.Lane.Said = _dialect.TellsAgain ? SaidTexts.Add(part.Lane.Said, spelled) : part.Lane.Said;
            CheckSigned(part.Lane);
            if (!_spelled.Bytes.SequenceEqual(spelled))
            {
                edits.Replace(index[part.Node].Start + 1, index[part.Node].End - 1, _spelled.Bytes);
            }

            if (isEnd)
            {
                _ending.Remove(part.Lane);
                Retire(part.Lane);
            }
        }

        _parts.Clear();
    }

    private void Flush(HeldBody output)
    {
        foreach (StreamLane lane in _ending)
        {
            Look(lane, default, isEnd: true);
            CheckSigned(lane);
            if (_spelled.Length > 0 && !work.Answer.IsBlocked)
            {
                _own.Clear();
                _dialect.WriteRest(lane, _spelled.Bytes, _own);
                Put(output, _own.Bytes);
            }

            Retire(lane);
        }

        _ending.Clear();
    }

    // What is decided of the text is in _spelled, and its window has it as others may see it.
    private void Look(StreamLane lane, ReadOnlySpan<byte> spelled, bool isEnd)
    {
        _spelled.Clear();
        _shown.Clear();
        lane.Text.Shown = _window is null ? null : _shown;
        lane.Text.Take(spelled, isEnd, work.Answer, _spelled);
        if (_window?.TryAdd(lane.Key, _shown.Bytes) == false)
        {
            work.Answer.BlockFor("too_many_texts");
        }
    }

    private void CheckSigned(StreamLane lane)
    {
        if (lane.Text.IsMasked && lane.IsSigned)
        {
            work.Answer.Block(lane.Text.MaskedBy);
        }
    }

    private void Retire(StreamLane lane)
    {
        if (_lanes.Remove(lane))
        {
            if (_dialect.TellsAgain)
            {
                _said.Note(lane.Said);
            }

            _window?.End(lane.Key);
            lane.Text.Release();
            _spares.Push(lane);
        }
    }

    private void Refuse(HeldBody output)
    {
        _waiting.Release();
        _dialect.Back();
        _own.Clear();
        _dialect.WriteRefusal(_own);
        output.TryAppend(_own.Bytes);
        IsOver = true;
    }

    private void Write(ReadOnlySpan<byte> whole, int start, int length, JsonEdits edits, HeldBody output)
    {
        if (edits.IsEmpty)
        {
            Put(output, whole);
            return;
        }

        Put(output, whole[..start]);
        if (output.TryRoom(length + edits.Growth, out Span<byte> room))
        {
            output.Commit(edits.Apply(whole.Slice(start, length), room));
        }
        else
        {
            work.Answer.BlockFor("too_long");
        }

        Put(output, whole[(start + length)..]);
    }

    // What finds no room is not left out: the stream ends.
    private void Put(HeldBody output, ReadOnlySpan<byte> bytes)
    {
        if (!output.TryAppend(bytes))
        {
            work.Answer.BlockFor("too_long");
        }
    }

    private readonly record struct LanePart(int Node, StreamLane Lane, bool IsEnd);
}
