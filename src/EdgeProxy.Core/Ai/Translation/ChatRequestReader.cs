using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>OpenAI's chat completions.</summary>
internal sealed class ChatRequestReader() : RequestReader(RequestMembers.Chat)
{
    // Thoughts and annotations are of answers before, which clients send back as they came.
    private static readonly ulong[] OfMessage =
    [
        Names.Role, Names.Content, Names.Name, Names.ToolCalls, Names.ToolCallId, Names.Refusal,
        Names.ReasoningContent, Names.Reasoning, Names.Annotations,
    ];

    private static readonly ulong[] OfText = [Names.Type, Names.Text, Names.Refusal, Names.CacheBreakpoint];
    private static readonly ulong[] OfImagePart = [Names.Type, Names.ImageUrl, Names.CacheBreakpoint];
    private static readonly ulong[] OfImage = [Names.Url];
    private static readonly ulong[] OfFullImage = [Names.Url, Names.Detail];
    private static readonly ulong[] OfFilePart = [Names.Type, Names.File, Names.CacheBreakpoint];
    private static readonly ulong[] OfFile = [Names.FileData, Names.FileName];
    private static readonly ulong[] OfCall = [Names.Type, Names.Id, Names.Function, Names.Index];
    private static readonly ulong[] OfCalled = [Names.Name, Names.Arguments];
    private static readonly ulong[] OfFormat = [Names.Type, Names.JsonSchema];
    private static readonly ulong[] OfSchema = [Names.Name, Names.Description, Names.Schema, Names.Strict];

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
        LoseOthers(message, OfMessage);
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

    // The schema's name is a label only; whether it is promised or wished for, others promise it.
    protected override void ReadFormat(int format)
    {
        ulong type = Names.Word(Index, Index.Find(format, Names.Type));
        if (type == Names.JsonSchema)
        {
            int schema = Index.Find(format, Names.JsonSchema);
            TakeSchema(Index.Find(schema, Names.Schema),
                Names.Is(Index, Index.Find(schema, Names.Strict), JsonToken.True));
            if (Names.FindString(Index, schema, Names.Description) >= 0)
            {
                Lose(Loss.FormatDescription);
            }

            LoseOthers(format, OfFormat);
            LoseOthers(schema, OfSchema);
        }
        else if (type == Names.JsonObject)
        {
            Request.Format = AnswerFormat.Json;
        }
        else if (type != Names.Text)
        {
            Lose(Loss.Format);
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
            LoseOthers(part, OfText);
        }
        else if (type == Names.ImageUrl)
        {
            int image = Index.Find(part, Names.ImageUrl);
            ReadImage(body, Names.FindString(Index, image, Names.Url));
            LoseOthers(part, OfImagePart);
            bool isUsual = Names.Word(Index, Index.Find(image, Names.Detail)) == Names.Auto;
            LoseOthers(image, isUsual ? OfFullImage : OfImage);
        }
        else if (type == Names.File)
        {
            ReadFile(body, Index.Find(part, Names.File));
            LoseOthers(part, OfFilePart);
        }
        else
        {
            Lose(type == Names.InputAudio ? Loss.Sound : Loss.UnknownContent);
        }
    }

    // data:application/pdf;base64,... with a name. One that was uploaded before is the other provider's only.
    private void ReadFile(ReadOnlySpan<byte> body, int file)
    {
        int data = Names.FindString(Index, file, Names.FileData);
        ReadOnlySpan<byte> text = data < 0 ? default : body[(Index[data].Start + 1)..(Index[data].End - 1)];
        int prefix = text.StartsWith("data:application/pdf;base64,"u8) ? "data:application/pdf;base64,".Length
            : text.StartsWith("data:application\\/pdf;base64,"u8) ? "data:application\\/pdf;base64,".Length
            : 0;
        if (prefix == 0)
        {
            Lose(Loss.File);
            return;
        }

        Request.Add(new ChatPart(PartKind.Document, Place.Of(Index, Names.FindString(Index, file, Names.FileName)),
            new Place(Index[data].Start + 1 + prefix, Index[data].End - 1)));
        LoseOthers(file, OfFile);
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
            LoseOthers(call, OfCall);
            LoseOthers(function, OfCalled);
        }
    }
}
