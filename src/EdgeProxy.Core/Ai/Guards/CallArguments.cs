using System;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What a tool is called with, as rules look at it: one JSON text without white space whose strings are spelled one way
/// only, so that "\u0065" and " :" hide nothing; and each value in it decoded. Reused; one loop's.
/// </summary>
internal sealed class CallArguments
{
    private readonly JsonIndex _index = new();
    private readonly SpelledText _text = new();
    private readonly SpelledText _string = new();
    private readonly ByteBuffer _copy = new();
    private readonly ByteBuffer _written = new();
    private readonly ByteBuffer _restored = new();
    private State _state;

    private enum State : byte
    {
        /// <summary>Not told yet: no expression matches.</summary>
        Unknown,

        /// <summary>Nothing that a rule could be sure of.</summary>
        Unreadable,

        /// <summary>An object.</summary>
        Json,

        /// <summary>Text that is no JSON, as of custom tools.</summary>
        Free,
    }

    /// <summary>What stands in them for what the client's prompt had: rules see that. Null for none.</summary>
    public PlaceholderTable? Placeholders { get; set; }

    /// <summary>They do not matter: the tool's name decided.</summary>
    public void TakeUnknown()
    {
        Release();
        _state = State.Unknown;
    }

    /// <summary>Arguments nobody can read: every expression of a rule that stops matches.</summary>
    public void TakeUnreadable()
    {
        Release();
        _state = State.Unreadable;
    }

    /// <summary>A string as it stands between its quotes; its text is JSON.</summary>
    public void TakeString(ReadOnlySpan<byte> spelled)
    {
        Release();
        if (spelled.Length > GuardLimits.ArgumentsBytesMax)
        {
            return;
        }

        _text.Append(spelled);
        ReadOnlySpan<byte> text = _text.Text.Trim(" \t\r\n"u8);
        Read(text.IsEmpty ? "{}"u8 : text);
    }

    /// <summary>A value in its place.</summary>
    public void TakeValue(ReadOnlySpan<byte> json)
    {
        Release();
        if (json.Length <= GuardLimits.ArgumentsBytesMax)
        {
            Read(json);
        }
    }

    /// <summary>A string as it stands between its quotes; its text is the tool's own.</summary>
    public void TakeFree(ReadOnlySpan<byte> spelled)
    {
        Release();
        if (spelled.Length <= GuardLimits.ArgumentsBytesMax)
        {
            _text.Append(spelled);
            _state = State.Free;
        }
    }

    /// <summary>The expression matches what stands at a path; with more than one there: any of it, or all.</summary>
    public bool Match(UserPattern pattern, ArgumentPath path, bool isOfAll)
    {
        if (_state == State.Unknown)
        {
            return false;
        }

        if (_state == State.Unreadable || (_state == State.Free && path.Depth > 0))
        {
            return !isOfAll;
        }

        if (_state == State.Free)
        {
            return pattern.IsMatch(Restored(_text.Text));
        }

        int matches = 0;
        int others = 0;
        Walk(pattern, path, node: 0, depth: 0, ref matches, ref others);
        return isOfAll ? matches > 0 && others == 0 : matches > 0;
    }

    public void Release()
    {
        _index.Reset();
        _text.Release();
        _string.Release();
        _copy.Clear();
        _written.Clear();
        _restored.Clear();
        _state = State.Unreadable;
    }

    // What is left out, as too long, is unreadable.
    private void Read(ReadOnlySpan<byte> json)
    {
        _copy.Append(json);
        _state = _index.Read(_copy.Bytes) == JsonFault.None ? State.Json : State.Unreadable;
    }

    private void Walk(
        UserPattern pattern, ArgumentPath path, int node, int depth, ref int matches, ref int others)
    {
        if (depth == path.Depth)
        {
            bool isMatch = Matches(pattern, node);
            matches += isMatch ? 1 : 0;
            others += isMatch ? 0 : 1;
            return;
        }

        JsonNode at = _index[node];
        JsonToken kind = path.IsItems(depth) ? JsonToken.ArrayStart : JsonToken.ObjectStart;
        for (int child = node + 1; at.Kind == kind && child < at.Next; child = _index[child].Next)
        {
            if (path.IsItems(depth) || FoldedName.HashOf(_index[child], _copy.Bytes) == path.NameAt(depth))
            {
                Walk(pattern, path, child, depth + 1, ref matches, ref others);
            }
        }
    }

    private bool Matches(UserPattern pattern, int node)
    {
        JsonNode at = _index[node];
        if (at.Kind == JsonToken.String)
        {
            return pattern.IsMatch(Decoded(at.Start, at.End));
        }

        _written.Clear();
        Write(node);
        return pattern.IsMatch(_written.Bytes);
    }

    // The nesting is bounded by JsonScanner.DepthMax.
    private void Write(int node)
    {
        JsonNode at = _index[node];
        switch (at.Kind)
        {
            case JsonToken.ObjectStart:
            case JsonToken.ArrayStart:
                bool isObject = at.Kind == JsonToken.ObjectStart;
                _written.Append(isObject ? "{"u8 : "["u8);
                for (int child = node + 1; child < at.Next; child = _index[child].Next)
                {
                    _written.Append(child > node + 1 ? ","u8 : default);
                    if (isObject)
                    {
                        WriteString(_index[child].NameStart, _index[child].NameEnd);
                        _written.Append(":"u8);
                    }

                    Write(child);
                }

                _written.Append(isObject ? "}"u8 : "]"u8);
                break;
            case JsonToken.String:
                WriteString(at.Start, at.End);
                break;
            default:
                _written.Append(_copy.Bytes[at.Start..at.End]);
                break;
        }
    }

    private void WriteString(int start, int end)
    {
        _written.Append("\""u8);
        _written.AppendEscaped(Decoded(start, end));
        _written.Append("\""u8);
    }

    private ReadOnlySpan<byte> Decoded(int start, int end)
    {
        _string.Release();
        _string.Append(_copy.Bytes[(start + 1)..(end - 1)]);
        return Restored(_string.Text);
    }

    private ReadOnlySpan<byte> Restored(ReadOnlySpan<byte> text)
    {
        if (Placeholders is not { IsEmpty: false } placeholders || text.IndexOf((byte)'[') < 0)
        {
            return text;
        }

        _restored.Clear();
        placeholders.Restore(text, _restored);
        return _restored.Bytes;
    }
}
