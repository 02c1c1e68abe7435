using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Bytes of the request that is translated; a string with its quotes.</summary>
internal readonly record struct Place(int Start, int End)
{
    public bool IsThere => End > Start;

    /// <summary>A string with nothing in it, or nothing at all.</summary>
    public bool IsEmpty => End - Start <= 2;

    public static Place Of(JsonIndex index, int node) =>
        node < 0 ? default : new Place(index[node].Start, index[node].End);
}

internal enum TurnRole : byte
{
    System,
    User,
    Assistant,
    Tool,
}

internal enum PartKind : byte
{
    /// <summary>First: the text.</summary>
    Text,

    /// <summary>First: the URL.</summary>
    ImageUrl,

    /// <summary>First: the media type, not there if it is to be told by the data; Second: base64. No quotes.</summary>
    ImageData,

    /// <summary>A PDF. First: its name, not there if it has none; Second: base64, no quotes.</summary>
    Document,

    /// <summary>First: the id, or none; Second: the name; Third: the arguments.</summary>
    ToolCall,
}

/// <summary>One thing that is said.</summary>
/// <param name="Number">A tool call's, from 1, for those without an id.</param>
/// <param name="IsText">Third is JSON in a string.</param>
internal readonly record struct ChatPart(
    PartKind Kind, Place First, Place Second = default, Place Third = default, int Number = 0, bool IsText = false)
{
    /// <summary>Of a tool call without an id: its tool.</summary>
    public ulong NameHash { get; init; }

    /// <summary>Of a tool call without an id: its result was read.</summary>
    public bool IsAnswered { get; init; }
}

/// <summary>One message; its parts stand one after the other.</summary>
/// <param name="Call">Of a tool's result: the id of its call.</param>
/// <param name="CallNumber">The call's number, if it has no id.</param>
internal record struct Turn(TurnRole Role, int FirstPart, int PartCount, Place Call = default, int CallNumber = 0);

/// <param name="Schema">Not there if it takes nothing.</param>
internal readonly record struct ToolPlaces(Place Name, Place Description, Place Schema, Place Strict);

internal enum ChoiceOfTool : byte
{
    Unsaid,
    None,
    Auto,
    Any,
    Named,
}

/// <summary>What an answer has to be.</summary>
internal enum AnswerFormat : byte
{
    Unsaid,

    /// <summary>JSON of any shape.</summary>
    Json,

    /// <summary>JSON of a schema.</summary>
    Schema,
}

/// <summary>
/// What a chat request says, dialect aside: places in its bytes, which stay where they are. Reused for one request
/// after the other.
/// </summary>
internal sealed class ChatRequest
{
    private const int KeptMax = 4096;
    private const int PartsOfRequest = (int)RequestPart.Choices + 1;

    private readonly int[] _nodes = new int[PartsOfRequest];

    public List<Turn> Turns { get; private set; } = [];

    public List<ChatPart> Parts { get; private set; } = [];

    public List<ToolPlaces> Tools { get; private set; } = [];

    public List<Place> Stops { get; private set; } = [];

    public ChoiceOfTool Choice { get; set; }

    /// <summary>Of ChoiceOfTool.Named.</summary>
    public Place ChosenTool { get; set; }

    public bool IsOneToolAtATime { get; set; }

    public bool IsStream { get; set; }

    public AnswerFormat Format { get; set; }

    /// <summary>Of AnswerFormat.Schema.</summary>
    public Place Schema { get; set; }

    /// <summary>The schema is promised, not only wished for.</summary>
    public bool IsSchemaStrict { get; set; }

    /// <summary>Tool calls so far.</summary>
    public int CallCount { get; set; }

    public Losses Losses;

    /// <summary>The node of a member with that meaning; -1 if there is none.</summary>
    public int this[RequestPart part]
    {
        get => _nodes[(int)part];
        set => _nodes[(int)part] = value;
    }

    public void Reset()
    {
        _nodes.AsSpan().Fill(-1);
        Choice = ChoiceOfTool.Unsaid;
        ChosenTool = default;
        IsOneToolAtATime = false;
        IsStream = false;
        (Format, Schema, IsSchemaStrict) = (AnswerFormat.Unsaid, default, false);
        CallCount = 0;
        Losses = default;
        Turns = Emptied(Turns);
        Parts = Emptied(Parts);
        Tools = Emptied(Tools);
        Stops = Emptied(Stops);
    }

    /// <summary>Begins a message.</summary>
    public void Begin(TurnRole role, Place call = default, int number = 0) =>
        Turns.Add(new Turn(role, Parts.Count, 0, call, number));

    /// <summary>Adds to the message that was begun last.</summary>
    public void Add(ChatPart part)
    {
        Parts.Add(part);
        Turns[^1] = Turns[^1] with { PartCount = Turns[^1].PartCount + 1 };
    }

    private static List<T> Emptied<T>(List<T> list)
    {
        list.Clear();
        return list.Capacity > KeptMax ? [] : list;
    }
}
