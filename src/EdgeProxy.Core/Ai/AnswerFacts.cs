using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// What records say of an answer: which model and id it names as its own, how it ended, and the tools it has called,
/// in every dialect. Told token by token; keeps names only. What a tool is called with is not looked into: it may look
/// like anything.
/// </summary>
internal sealed class AnswerFacts
{
    private const int ToolBytesMax = 480; // a fact has room for them

    private readonly byte[] _model = new byte[JsonText.BytesMax];
    private readonly byte[] _tools = new byte[ToolBytesMax];
    private readonly byte[] _candidate = new byte[JsonText.BytesMax];
    private readonly byte[] _id = new byte[JsonText.BytesMax];
    private readonly byte[] _finish = new byte[JsonText.BytesMax];
    private int _idLength;
    private int _finishLength;
    private int _modelLength;
    private int _toolsLength;
    private int _candidateLength;
    private int _candidateDepth;
    private int _toolDepth;
    private int _functionDepth;
    private int _opaqueDepth;

    public ReadOnlySpan<byte> Model => _model.AsSpan(0, _modelLength);

    public ReadOnlySpan<byte> Id => _id.AsSpan(0, _idLength);

    /// <summary>Why the model ended, in its dialect's word; of several choices the first's.</summary>
    public ReadOnlySpan<byte> FinishReason => _finish.AsSpan(0, _finishLength);

    /// <summary>Each name once, in the order of the first calls, separated by commas.</summary>
    public ReadOnlySpan<byte> Tools => _tools.AsSpan(0, _toolsLength);

    /// <summary>An object or array began under <paramref name="key"/>; <paramref name="depth"/> is inside it.</summary>
    public void Open(AnswerKey key, int depth)
    {
        if (_opaqueDepth > 0)
        {
            return;
        }

        if (key is AnswerKey.Arguments or AnswerKey.ToolInput)
        {
            _opaqueDepth = depth;
        }
        else if (key == AnswerKey.Function)
        {
            _functionDepth = depth;
        }
    }

    /// <summary>One ended; <paramref name="depth"/> is outside of it.</summary>
    public void Close(int depth)
    {
        Forget(ref _opaqueDepth, depth);
        Forget(ref _functionDepth, depth);
        Forget(ref _toolDepth, depth);
        Forget(ref _candidateDepth, depth);
    }

    public void String(AnswerKey key, int depth, in JsonText text, bool isOfAnswer)
    {
        if (_opaqueDepth > 0 || !text.IsShort)
        {
            return;
        }

        switch (key)
        {
            case AnswerKey.Model when isOfAnswer && _modelLength == 0:
                text.Span.CopyTo(_model);
                _modelLength = text.Length;
                break;
            case AnswerKey.Id when isOfAnswer && _idLength == 0:
                text.Span.CopyTo(_id);
                _idLength = text.Length;
                break;
            case AnswerKey.End or AnswerKey.DoneReason when _finishLength == 0:
                text.Span.CopyTo(_finish);
                _finishLength = text.Length;
                break;
            case AnswerKey.Name when depth == _functionDepth || depth == _toolDepth:
                Add(text.Span);
                break;
            case AnswerKey.Name:
                text.Span.CopyTo(_candidate);
                (_candidateLength, _candidateDepth) = (text.Length, depth);
                break;
            case AnswerKey.Type when IsToolCall(text):
                _toolDepth = depth;
                if (_candidateDepth == depth)
                {
                    Add(_candidate.AsSpan(0, _candidateLength));
                }

                break;
        }
    }

    /// <summary>A text of JSON is over, the next one of a stream may begin.</summary>
    public void EndText() => _opaqueDepth = _functionDepth = _toolDepth = _candidateDepth = 0;

    public void Reset()
    {
        EndText();
        _modelLength = 0;
        _idLength = 0;
        _finishLength = 0;
        _toolsLength = 0;
        _candidateLength = 0;
    }

    // Responses' items and Anthropic's blocks.
    private static bool IsToolCall(in JsonText type) =>
        type.Is("function_call"u8) || type.Is("tool_use"u8) || type.Is("custom_tool_call"u8) || type.Is("mcp_call"u8)
        || type.Is("server_tool_use"u8) || type.Is("mcp_tool_use"u8);

    private static void Forget(ref int place, int depth) => place = place > depth ? 0 : place;

    private void Add(ReadOnlySpan<byte> name)
    {
        bool isKnown = false;
        foreach (Range range in Tools.Split((byte)','))
        {
            isKnown |= Tools[range].SequenceEqual(name);
        }

        if (isKnown || name.IsEmpty || _toolsLength + 1 + name.Length > ToolBytesMax)
        {
            return;
        }

        if (_toolsLength > 0)
        {
            _tools[_toolsLength++] = (byte)',';
        }

        name.CopyTo(_tools.AsSpan(_toolsLength));
        _toolsLength += name.Length;
    }
}
