using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Ollama's chat. Its tool calls have names; the ids others want are made up here.</summary>
internal sealed class OllamaRequestReader() : RequestReader(RequestMembers.Ollama)
{
    /// <summary>Calls without a result among which the one of a result is looked for.</summary>
    public const int OpenCallsMax = 256;

    private static readonly ulong[] OfMessage =
    [
        Names.Role, Names.Content, Names.Images, Names.ToolCalls, Names.ToolName, Names.ToolCallId, Names.Thinking,
    ];

    private static readonly ulong[] OfCall = [Names.Type, Names.Id, Names.Function];
    private static readonly ulong[] OfCalled = [Names.Name, Names.Arguments, Names.Index];

    // Calls that no result was read for yet stand from here on among the parts.
    private int _callsFrom;

    protected override void ReadSystem() => _callsFrom = 0;

    protected override void ReadMessage(ReadOnlySpan<byte> body, int message)
    {
        ulong role = Names.Word(Index, Index.Find(message, Names.Role));
        if (role == Names.Tool)
        {
            BeginResult(message);
        }
        else if (role == Names.System || role == Names.User || role == Names.Assistant)
        {
            Request.Begin(role == Names.System ? TurnRole.System
                : role == Names.User ? TurnRole.User
                : TurnRole.Assistant);
        }
        else
        {
            Refuse("role");
            return;
        }

        int content = Names.FindSaid(Index, message, Names.Content);
        if (content >= 0 && Index[content].Kind != JsonToken.String)
        {
            Refuse("content");
            return;
        }

        if (content >= 0)
        {
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, content)));
        }

        ReadImages(body, Names.FindSaid(Index, message, Names.Images), role == Names.Tool);
        ReadCalls(Names.FindSaid(Index, message, Names.ToolCalls));
        LoseOthers(message, OfMessage);
    }

    protected override void ReadTool(int tool) => ReadFunction(tool);

    protected override void ReadFormat(int format)
    {
        if (Names.Word(Index, format) == Names.Json)
        {
            Request.Format = AnswerFormat.Json;
        }
        else
        {
            TakeSchema(format, isStrict: false);
        }
    }

    // A result belongs to the first call of its tool that has none yet; without a name to the first at all.
    private void BeginResult(int message)
    {
        int id = Names.FindString(Index, message, Names.ToolCallId);
        if (id >= 0)
        {
            Request.Begin(TurnRole.Tool, Place.Of(Index, id));
            return;
        }

        ulong name = Names.Word(Index, Index.Find(message, Names.ToolName));
        int open = 0;
        for (int part = _callsFrom; part < Request.Parts.Count && open < OpenCallsMax; part++)
        {
            ChatPart call = Request.Parts[part];
            open++;
            if (call.Kind == PartKind.ToolCall && !call.IsAnswered && (name == 0 || name == call.NameHash))
            {
                Request.Parts[part] = call with { IsAnswered = true };
                while (_callsFrom <= part && IsDone(Request.Parts[_callsFrom]))
                {
                    _callsFrom++;
                }

                Request.Begin(TurnRole.Tool, call.First, call.Number);
                return;
            }
        }

        Refuse("tool_name");
        Request.Begin(TurnRole.Tool);
    }

    private static bool IsDone(in ChatPart part) => part.Kind != PartKind.ToolCall || part.IsAnswered;

    private void ReadImages(ReadOnlySpan<byte> body, int images, bool isInResult)
    {
        int end = HasList(images, "images") ? Index[images].Next : 0;
        for (int image = images + 1; image < end; image = Index[image].Next)
        {
            ReadOnlySpan<byte> data = body[Index[image].Start..Index[image].End];
            if (isInResult)
            {
                Lose(Loss.ImageInToolResult);
            }
            else if (Index[image].Kind != JsonToken.String || ImageTypes.Of(data[1..^1]).IsEmpty)
            {
                Lose(Loss.ImageKind);
            }
            else
            {
                Request.Add(new ChatPart(PartKind.ImageData, default,
                    new Place(Index[image].Start + 1, Index[image].End - 1)));
            }
        }
    }

    private void ReadCalls(int calls)
    {
        int end = HasList(calls, "tool_calls") ? Index[calls].Next : 0;
        for (int call = calls + 1; call < end; call = Index[call].Next)
        {
            int function = Index.Find(call, Names.Function);
            int name = Names.FindString(Index, function, Names.Name);
            int arguments = Index.Find(function, Names.Arguments);
            if (name < 0 || !Names.Is(Index, arguments, JsonToken.ObjectStart))
            {
                Refuse("tool_calls[].function");
                return;
            }

            Request.Add(new ChatPart(PartKind.ToolCall, Place.Of(Index, Names.FindString(Index, call, Names.Id)),
                Place.Of(Index, name), Place.Of(Index, arguments), ++Request.CallCount)
            {
                NameHash = Names.Word(Index, name),
            });
            LoseOthers(call, OfCall);
            LoseOthers(function, OfCalled);
        }
    }
}

/// <summary>What an image in base64 is, by its first bytes.</summary>
internal static class ImageTypes
{
    /// <summary>Its media type; empty if that is not known.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> base64) => base64 switch
    {
        _ when base64.StartsWith("iVBORw0KGgo"u8) => "image/png"u8,
        _ when base64.StartsWith("/9j/"u8) || base64.StartsWith("\\/9j\\/"u8) => "image/jpeg"u8,
        _ when base64.StartsWith("R0lGOD"u8) => "image/gif"u8,
        _ when base64.StartsWith("UklGR"u8) => "image/webp"u8,
        _ => default,
    };
}
