using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>OpenAI's chat completions.</summary>
internal sealed class ChatRequestReader() : RequestReader(RequestMembers.Chat)
{
    protected override void ReadMessage(ReadOnlySpan<byte> body, int message)
    {
        ulong role = Names.Word(Index, Index.Find(message, Names.Role));
        int content = Names.FindSaid(Index, message, Names.Content);
        if (role == Names.Tool)
        {
            int call = Names.FindString(Index, message, Names.ToolCallId);
            if (call < 0)
            {
                Refuse("tool_call_id");
                return;
            }

            Request.Begin(TurnRole.Tool, Place.Of(Index, call));
        }
        else if (role == Names.System || role == Names.Developer)
        {
            Request.Begin(TurnRole.System);
        }
        else if (role == Names.User || role == Names.Assistant)
        {
            Request.Begin(role == Names.User ? TurnRole.User : TurnRole.Assistant);
        }
        else
        {
            Refuse("role");
            return;
        }

        ReadContent(body, content);
        int refusal = Names.FindString(Index, message, Names.Refusal);
        if (refusal >= 0)
        {
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, refusal)));
        }

        if (Names.FindSaid(Index, message, Names.Name) >= 0)
        {
            Lose(Loss.SpeakerName);
        }

        ReadCalls(Names.FindSaid(Index, message, Names.ToolCalls));
    }

    protected override void ReadTool(int tool)
    {
        if (Names.Word(Index, Index.Find(tool, Names.Type)) == Names.Function)
        {
            ReadFunction(tool);
        }
        else
        {
            Lose(Loss.CustomTool);
        }
    }

    protected override void ReadChoice()
    {
        Request.IsOneToolAtATime = Names.Is(Index, Request[RequestPart.ParallelTools], JsonToken.False);
        int choice = Request[RequestPart.ToolChoice];
        if (choice < 0)
        {
            return;
        }

        ulong word = Names.Word(Index, choice);
        int name = Names.FindString(Index, Index.Find(choice, Names.Function), Names.Name);
        if (name >= 0)
        {
            Request.Choice = ChoiceOfTool.Named;
            Request.ChosenTool = Place.Of(Index, name);
        }
        else if (word == Names.None || word == Names.Auto || word == Names.Required)
        {
            Request.Choice = word == Names.None ? ChoiceOfTool.None
                : word == Names.Auto ? ChoiceOfTool.Auto
                : ChoiceOfTool.Any;
        }
        else
        {
            Lose(Loss.ToolChoice);
        }
    }

    private void ReadContent(ReadOnlySpan<byte> body, int content)
    {
        if (content < 0)
        {
            return;
        }

        if (Index[content].Kind == JsonToken.String)
        {
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, content)));
            return;
        }

        if (Index[content].Kind != JsonToken.ArrayStart)
        {
            Refuse("content");
            return;
        }

        for (int part = content + 1; part < Index[content].Next; part = Index[part].Next)
        {
            ReadPart(body, part);
        }
    }

    private void ReadPart(ReadOnlySpan<byte> body, int part)
    {
        ulong type = Names.Word(Index, Index.Find(part, Names.Type));
        if (type == Names.Text || type == Names.Refusal)
        {
            int text = Names.FindString(Index, part, type);
            if (text < 0)
            {
                Refuse("content[].text");
                return;
            }

            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, text)));
        }
        else if (type == Names.ImageUrl)
        {
            ReadImage(body, Names.FindString(Index, Index.Find(part, Names.ImageUrl), Names.Url));
        }
        else
        {
            Lose(type == Names.InputAudio ? Loss.Sound : type == Names.File ? Loss.File : Loss.UnknownContent);
        }
    }

    // data:image/png;base64,... or a URL that the provider fetches.
    private void ReadImage(ReadOnlySpan<byte> body, int url)
    {
        if (url < 0)
        {
            Refuse("content[].image_url.url");
            return;
        }

        var place = Place.Of(Index, url);
        ReadOnlySpan<byte> text = body[(place.Start + 1)..(place.End - 1)];
        ReadOnlySpan<byte> scheme = "data:"u8;
        ReadOnlySpan<byte> coding = ";base64,"u8;
        if (!text.StartsWith(scheme))
        {
            Request.Add(new ChatPart(PartKind.ImageUrl, place));
            return;
        }

        int comma = text.IndexOf(coding);
        if (comma < 0)
        {
            Lose(Loss.ImageKind);
            return;
        }

        int media = place.Start + 1 + scheme.Length;
        int data = place.Start + 1 + comma;
        Request.Add(new ChatPart(PartKind.ImageData, new Place(media, data),
            new Place(data + coding.Length, place.End - 1)));
    }

    private void ReadCalls(int calls)
    {
        int end = HasList(calls, "tool_calls") ? Index[calls].Next : 0;
        for (int call = calls + 1; call < end; call = Index[call].Next)
        {
            int function = Index.Find(call, Names.Function);
            int id = Names.FindString(Index, call, Names.Id);
            int name = Names.FindString(Index, function, Names.Name);
            int arguments = Names.FindString(Index, function, Names.Arguments);
            if (id < 0 || name < 0 || arguments < 0)
            {
                Refuse("tool_calls[]");
                return;
            }

            Request.Add(new ChatPart(PartKind.ToolCall, Place.Of(Index, id), Place.Of(Index, name),
                Place.Of(Index, arguments), ++Request.CallCount, IsText: true));
        }
    }
}
