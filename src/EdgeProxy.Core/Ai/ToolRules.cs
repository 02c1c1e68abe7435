using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// Which tools a request may bring along: those by whose name they are allowed, and none that the provider itself runs,
/// unless those are allowed.
/// </summary>
internal sealed class ToolRules(AiServiceSettings settings)
{
    private static readonly ulong Tools = JsonText.HashOf("tools"u8);
    private static readonly ulong Functions = JsonText.HashOf("functions"u8);
    private static readonly ulong Function = JsonText.HashOf("function"u8);
    private static readonly ulong Custom = JsonText.HashOf("custom"u8);
    private static readonly ulong Name = JsonText.HashOf("name"u8);
    private static readonly ulong Type = JsonText.HashOf("type"u8);
    private static readonly ulong WebSearchOptions = JsonText.HashOf("web_search_options"u8);
    private static readonly ulong McpServers = JsonText.HashOf("mcp_servers"u8);

    private readonly NamePattern[] _allowed = Patterns(settings.ToolsAllowed);
    private readonly NamePattern[] _denied = Patterns(settings.ToolsDenied);

    /// <summary>Every tool of the request is allowed.</summary>
    public bool Allow(JsonIndex index, ReadOnlySpan<byte> body, AiCallKind kind)
    {
        if (!settings.ServerTools && (IsThere(index, WebSearchOptions) || IsThere(index, McpServers)))
        {
            return false;
        }

        return AllowList(index, body, index.Find(0, Tools), kind, isOld: false)
            && AllowList(index, body, index.Find(0, Functions), kind, isOld: true);
    }

    private bool AllowList(JsonIndex index, ReadOnlySpan<byte> body, int list, AiCallKind kind, bool isOld)
    {
        if (list < 0 || index[list].Kind == JsonToken.Null)
        {
            return true;
        }

        if (index[list].Kind != JsonToken.ArrayStart)
        {
            return false; // what is no list for us may be one for the provider
        }

        for (int tool = list + 1; tool < index[list].Next; tool = index[tool].Next)
        {
            bool isGood = index[tool].Kind == JsonToken.ObjectStart
                && (isOld || settings.ServerTools || IsClients(index, body, tool, kind))
                && AllowName(index, body, tool);
            if (!isGood)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsClients(JsonIndex index, ReadOnlySpan<byte> body, int tool, AiCallKind kind)
    {
        int type = index.Find(tool, Type);
        if (type < 0)
        {
            return kind is not (AiCallKind.ChatCompletions or AiCallKind.Responses);
        }

        if (index[type].Kind != JsonToken.String)
        {
            return false;
        }

        ulong hash = (ulong)index[type].Number;
        if (hash == Custom || (hash == Function && kind != AiCallKind.Messages))
        {
            return true;
        }

        JsonText text = JsonText.Of(body[index[type].Start..index[type].End]);
        return kind is AiCallKind.Messages or AiCallKind.CountTokens && IsClientType(in text);
    }

    // Anthropic's names for tools that the client runs.
    private static bool IsClientType(in JsonText type)
    {
        ReadOnlySpan<byte> text = type.IsShort ? type.Span : default;
        return text.StartsWith("bash_"u8) || text.StartsWith("text_editor_"u8) || text.StartsWith("computer_"u8)
            || text.StartsWith("memory_"u8);
    }

    // A tool's name stands in it, or in its function or custom part: which of them counts is the provider's to say, so
    // each that is there has to be allowed. One without a name has its type for one.
    private bool AllowName(JsonIndex index, ReadOnlySpan<byte> body, int tool)
    {
        if (_allowed.Length == 0 && _denied.Length == 0)
        {
            return true;
        }

        int own = index.Find(tool, Name);
        int function = index.Find(index.Find(tool, Function), Name);
        int custom = index.Find(index.Find(tool, Custom), Name);
        if (own < 0 && function < 0 && custom < 0)
        {
            return index.Find(tool, Type) is >= 0 and var type && IsAllowed(index, body, type);
        }

        return (own < 0 || IsAllowed(index, body, own)) && (function < 0 || IsAllowed(index, body, function))
            && (custom < 0 || IsAllowed(index, body, custom));
    }

    private bool IsAllowed(JsonIndex index, ReadOnlySpan<byte> body, int name)
    {
        if (index[name].Kind != JsonToken.String)
        {
            return false;
        }

        JsonText text = JsonText.Of(body[index[name].Start..index[name].End]);
        return text.IsShort && !Matches(_denied, text.Span) && (_allowed.Length == 0 || Matches(_allowed, text.Span));
    }

    private static bool IsThere(JsonIndex index, ulong name) =>
        index.Find(0, name) is >= 0 and var node && index[node].Kind != JsonToken.Null;

    private static bool Matches(NamePattern[] patterns, ReadOnlySpan<byte> name)
    {
        foreach (NamePattern pattern in patterns)
        {
            if (pattern.Matches(name))
            {
                return true;
            }
        }

        return false;
    }

    private static NamePattern[] Patterns(Sequence<string> names)
    {
        var patterns = new NamePattern[names.Count];
        for (int i = 0; i < patterns.Length; i++)
        {
            patterns[i] = new NamePattern(names[i]);
        }

        return patterns;
    }
}
