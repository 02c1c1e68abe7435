using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Anthropic's Messages.</summary>
internal sealed class MessagesRequestReader() : RequestReader(RequestMembers.Messages)
{
    private static readonly ulong[] OfMessage = [Names.Role, Names.Content];
    private static readonly ulong[] OfText = [Names.Type, Names.Text, Names.CacheControl, Names.Citations];
    private static readonly ulong[] OfImage = [Names.Type, Names.Source, Names.CacheControl];
    private static readonly ulong[] OfFormat = [Names.Type, Names.Schema];

    private static readonly ulong[] OfDocument =
        [Names.Type, Names.Source, Names.Title, Names.CacheControl, Names.Citations];

    private static readonly ulong[] OfCall =
        [Names.Type, Names.Id, Names.Name, Names.Input, Names.CacheControl, Names.Caller];

    private static readonly ulong[] OfResult =
        [Names.Type, Names.ToolUseId, Names.Content, Names.IsError, Names.CacheControl];

    private static readonly ulong[] OfTool =
    [
        Names.Type, Names.Name, Names.Description, Names.InputSchema, Names.Strict, Names.CacheControl,
        Names.EagerInput,
    ];

    protected override void ReadSystem()
    {
        int system = Request[RequestPart.System];
        if (system < 0)
        {
            return;
        }

        Request.Begin(TurnRole.System);
        if (Index[system].Kind == JsonToken.String)
        {
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, system)));
        }
        else if (Index[system].Kind == JsonToken.ArrayStart)
        {
            for (int block = system + 1; block < Index[system].Next; block = Index[block].Next)
            {
                if (Names.FindString(Index, block, Names.Text) < 0)
                {
                    RefuseMember("system[].text");
                    return;
                }

                ReadText(block);
            }
        }
        else
        {
            RefuseMember("system");
        }
    }

    protected override void ReadMessage(ReadOnlySpan<byte> body, int message)
    {
        ulong word = Names.Word(Index, Index.Find(message, Names.Role));
        if (word != Names.User && word != Names.Assistant && word != Names.System)
        {
            Refuse("role");
            return;
        }

        TurnRole role = word == Names.User ? TurnRole.User
            : word == Names.System ? TurnRole.System
            : TurnRole.Assistant;
        LoseOthers(message, OfMessage);
        int content = Index.Find(message, Names.Content);
        if (Names.Is(Index, content, JsonToken.String))
        {
            Request.Begin(role);
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, content)));
        }
        else if (Names.Is(Index, content, JsonToken.ArrayStart))
        {
            ReadBlocks(role, content);
        }
        else
        {
            Refuse("content");
        }
    }

    protected override void ReadTool(int tool)
    {
        int type = Names.FindSaid(Index, tool, Names.Type);
        if (type >= 0 && Names.Word(Index, type) != Names.Custom)
        {
            Lose(Loss.ServerTool);
            return;
        }

        int name = Names.FindString(Index, tool, Names.Name);
        if (name < 0)
        {
            RefuseMember("tools[].name");
            return;
        }

        Request.Tools.Add(new ToolPlaces(
            Place.Of(Index, name),
            Place.Of(Index, Names.FindString(Index, tool, Names.Description)),
            Place.Of(Index, Names.FindSaid(Index, tool, Names.InputSchema)),
            Place.Of(Index, Names.FindSaid(Index, tool, Names.Strict))));
        LoseOthers(tool, OfTool);
    }

    protected override void ReadFormat(int format)
    {
        if (Names.Word(Index, Index.Find(format, Names.Type)) == Names.JsonSchema)
        {
            TakeSchema(Index.Find(format, Names.Schema), isStrict: true);
            LoseOthers(format, OfFormat);
        }
        else
        {
            Lose(Loss.Format);
        }
    }

    protected override void ReadChoice()
    {
        int choice = Request[RequestPart.ToolChoice];
        if (choice < 0)
        {
            return;
        }

        ulong type = Names.Word(Index, Index.Find(choice, Names.Type));
        int name = Names.FindString(Index, choice, Names.Name);
        Request.IsOneToolAtATime = Names.Is(Index, Index.Find(choice, Names.OneToolOnly), JsonToken.True);
        Request.ChosenTool = Place.Of(Index, name);
        Request.Choice = type == Names.None ? ChoiceOfTool.None
            : type == Names.Auto ? ChoiceOfTool.Auto
            : type == Names.Any ? ChoiceOfTool.Any
            : type == Names.Tool && name >= 0 ? ChoiceOfTool.Named
            : ChoiceOfTool.Unsaid;
        if (Request.Choice == ChoiceOfTool.Unsaid)
        {
            RefuseMember("tool_choice");
        }
    }

    // What tools gave comes first, each as a turn of its own; the rest is what the user says then.
    private void ReadBlocks(TurnRole role, int content)
    {
        for (int block = content + 1; block < Index[content].Next; block = Index[block].Next)
        {
            if (Names.Word(Index, Index.Find(block, Names.Type)) == Names.ToolResult)
            {
                ReadResult(block);
            }
        }

        Request.Begin(role);
        for (int block = content + 1; block < Index[content].Next; block = Index[block].Next)
        {
            ReadBlock(block, isInResult: false);
        }

        if (Request.Turns[^1].PartCount == 0)
        {
            Request.Turns.RemoveAt(Request.Turns.Count - 1);
        }
    }

    private void ReadResult(int block)
    {
        int call = Names.FindString(Index, block, Names.ToolUseId);
        if (call < 0)
        {
            Refuse("content[].tool_use_id");
            return;
        }

        Request.Begin(TurnRole.Tool, Place.Of(Index, call));
        if (Names.Is(Index, Index.Find(block, Names.IsError), JsonToken.True))
        {
            Lose(Loss.FailedTool);
        }

        LoseOthers(block, OfResult);

        int content = Names.FindSaid(Index, block, Names.Content);
        if (Names.Is(Index, content, JsonToken.String))
        {
            Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, content)));
        }
        else if (Names.Is(Index, content, JsonToken.ArrayStart))
        {
            for (int part = content + 1; part < Index[content].Next; part = Index[part].Next)
            {
                ReadBlock(part, isInResult: true);
            }
        }
        else if (content >= 0)
        {
            Refuse("content[].content");
        }
    }

    private void ReadBlock(int block, bool isInResult)
    {
        ulong type = Names.Word(Index, Index.Find(block, Names.Type));
        if (type == Names.Text)
        {
            ReadText(block);
        }
        else if (type == Names.Image && isInResult)
        {
            Lose(Loss.ImageInToolResult);
        }
        else if (type == Names.Image)
        {
            ReadImage(Index.Find(block, Names.Source));
            LoseOthers(block, OfImage);
        }
        else if (type == Names.ToolUse && !isInResult)
        {
            ReadCall(block);
        }
        else if (type == Names.Document && !isInResult)
        {
            ReadDocument(block);
        }
        else if (type == Names.Document)
        {
            Lose(Loss.File);
        }
        else if (type != Names.ToolResult && type != Names.Thinking && type != Names.RedactedThinking)
        {
            Lose(Loss.UnknownContent); // thoughts of turns before are their own model's only
        }
    }

    private void ReadText(int block)
    {
        int text = Names.FindString(Index, block, Names.Text);
        if (text < 0)
        {
            Refuse("content[].text");
            return;
        }

        Request.Add(new ChatPart(PartKind.Text, Place.Of(Index, text)));
        LoseCitations(block);
        LoseOthers(block, OfText);
    }

    // Those of an answer before are a list; to ask for them is an object, which may say that they are not wanted.
    private void LoseCitations(int block)
    {
        int citations = Index.Find(block, Names.Citations);
        bool isAsked = Names.Is(Index, citations, JsonToken.ObjectStart);
        if (isAsked ? Names.Is(Index, Index.Find(citations, Names.Enabled), JsonToken.True)
            : citations >= 0 && !Names.SaysNothing(Index, citations))
        {
            Lose(Loss.Citations);
        }
    }

    private void ReadDocument(int block)
    {
        int source = Index.Find(block, Names.Source);
        int data = Names.FindString(Index, source, Names.Data);
        if (data < 0 || Names.Word(Index, Index.Find(source, Names.Type)) != Names.Base64
            || Names.Word(Index, Index.Find(source, Names.MediaType)) != Names.Pdf)
        {
            Lose(Loss.File);
            return;
        }

        Request.Add(new ChatPart(
            PartKind.Document, Place.Of(Index, Names.FindString(Index, block, Names.Title)), Inside(data)));
        LoseCitations(block);
        LoseOthers(block, OfDocument);
    }

    private void ReadCall(int block)
    {
        int id = Names.FindString(Index, block, Names.Id);
        int name = Names.FindString(Index, block, Names.Name);
        int input = Index.Find(block, Names.Input);
        if (id < 0 || name < 0 || !Names.Is(Index, input, JsonToken.ObjectStart))
        {
            Refuse("content[].tool_use");
            return;
        }

        Request.Add(new ChatPart(PartKind.ToolCall, Place.Of(Index, id), Place.Of(Index, name),
            Place.Of(Index, input), ++Request.CallCount));
        LoseOthers(block, OfCall);
    }

    private void ReadImage(int source)
    {
        ulong type = Names.Word(Index, Index.Find(source, Names.Type));
        int url = Names.FindString(Index, source, Names.Url);
        int media = Names.FindString(Index, source, Names.MediaType);
        int data = Names.FindString(Index, source, Names.Data);
        if (type == Names.Url && url >= 0)
        {
            Request.Add(new ChatPart(PartKind.ImageUrl, Place.Of(Index, url)));
        }
        else if (type == Names.Base64 && media >= 0 && data >= 0)
        {
            Request.Add(new ChatPart(PartKind.ImageData, Inside(media), Inside(data)));
        }
        else
        {
            Lose(Loss.ImageKind);
        }
    }

    private Place Inside(int node) => new(Index[node].Start + 1, Index[node].End - 1);
}
