using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Reads a chat request of one dialect for another: what it says, and what of it will be lost.</summary>
internal abstract class RequestReader(RequestMembers members)
{
    // Both dialects' words for how hard a model is to think; each has more that the other does not know.
    private static readonly ulong[] Efforts =
    [
        JsonText.HashOf("low"u8), JsonText.HashOf("medium"u8), JsonText.HashOf("high"u8), JsonText.HashOf("xhigh"u8),
        JsonText.HashOf("max"u8),
    ];

    private static readonly ulong[] OfTool = [Names.Type, Names.Function];
    private static readonly ulong[] OfFunction = [Names.Name, Names.Description, Names.Parameters, Names.Strict];

    private JsonIndex? _index;
    private ChatRequest? _request;
    private RequestMembers? _target;
    private int _message;

    protected JsonIndex Index => _index!;

    protected ChatRequest Request => _request!;

    /// <summary>What was wrong with it; null if nothing.</summary>
    private string? _fault;

    /// <summary>The member that is no such thing as its dialect has there; null if the request was read.</summary>
    /// <param name="index">Of the body.</param>
    /// <param name="target">The dialect it will be written in.</param>
    public string? Read(JsonIndex index, ReadOnlySpan<byte> body, ChatRequest request, AiCallKind target)
    {
        (_index, _request, _target, _fault) = (index, request, RequestMembers.Of(target), null);
        request.Reset();
        ReadMembers(0, 0);
        if (!Names.Is(index, request[RequestPart.Messages], JsonToken.ArrayStart))
        {
            return "messages";
        }

        ReadSystem();
        _message = 0;
        int end = index[request[RequestPart.Messages]].Next;
        for (int node = request[RequestPart.Messages] + 1; node < end && _fault is null; node = index[node].Next)
        {
            if (index[node].Kind == JsonToken.ObjectStart)
            {
                ReadMessage(body, node);
            }
            else
            {
                Refuse("");
            }

            _message++;
        }

        ReadTools();
        ReadStops();
        ReadChoice();
        int format = request[RequestPart.Format];
        if (format >= 0 && !Names.SaysNothing(index, format))
        {
            ReadFormat(format);
        }

        return _fault;
    }

    protected abstract void ReadMessage(ReadOnlySpan<byte> body, int message);

    protected abstract void ReadTool(int tool);

    protected virtual void ReadSystem()
    {
    }

    protected virtual void ReadChoice()
    {
    }

    protected abstract void ReadFormat(int format);

    /// <summary>The answer has to be of a schema; what is none is lost.</summary>
    protected void TakeSchema(int schema, bool isStrict)
    {
        if (!Names.Is(Index, schema, JsonToken.ObjectStart))
        {
            Lose(Loss.Format);
            return;
        }

        Request.Format = AnswerFormat.Schema;
        Request.Schema = Place.Of(Index, schema);
        Request.IsSchemaStrict = isStrict;
    }

    /// <summary>What an object says beyond the members that are read, or mean nothing to others, is lost.</summary>
    protected void LoseOthers(int node, ReadOnlySpan<ulong> known)
    {
        int end = node >= 0 && Index[node].Kind == JsonToken.ObjectStart ? Index[node].Next : 0;
        for (int member = node + 1; member < end; member = Index[member].Next)
        {
            if (!known.Contains(Index[member].NameHash) && !Names.SaysNothing(Index, member))
            {
                Lose(Loss.UnknownMember);
            }
        }
    }

    /// <summary>The message that is read is no such thing.</summary>
    /// <param name="what">Which member of it; "" for itself.</param>
    protected void Refuse(string what) =>
        _fault ??= $"messages[{_message}]" + (what.Length > 0 ? "." + what : "");

    /// <summary>There is a list; what is there and is none is refused.</summary>
    protected bool HasList(int node, string what)
    {
        if (node >= 0 && Index[node].Kind != JsonToken.ArrayStart)
        {
            Refuse(what);
        }

        return node >= 0 && Index[node].Kind == JsonToken.ArrayStart;
    }

    protected void RefuseMember(string what) => _fault ??= what;

    protected void Lose(Loss loss) => Request.Losses.Add(loss);

    /// <summary>A function as OpenAI and Ollama have it.</summary>
    protected void ReadFunction(int tool)
    {
        int function = Index.Find(tool, Names.Function);
        int name = Names.FindString(Index, function, Names.Name);
        if (name < 0)
        {
            RefuseMember("tools[].function.name");
            return;
        }

        Request.Tools.Add(new ToolPlaces(
            Place.Of(Index, name),
            Place.Of(Index, Names.FindString(Index, function, Names.Description)),
            Place.Of(Index, Names.FindSaid(Index, function, Names.Parameters)),
            Place.Of(Index, Names.FindSaid(Index, function, Names.Strict))));
        LoseOthers(tool, OfTool);
        LoseOthers(function, OfFunction);
    }

    private void ReadMembers(int parent, ulong parentName)
    {
        int end = Index[parent].Next;
        for (int node = parent + 1; node < end; node = Index[node].Next)
        {
            int place = members.Find(parentName, Index[node].NameHash);
            if (place < 0)
            {
                Lose(Names.SaysNothing(Index, node), Loss.UnknownMember);
                continue;
            }

            RequestPart part = members.All[place].Part;
            if (part == RequestPart.Group)
            {
                if (Index[node].Kind == JsonToken.ObjectStart)
                {
                    ReadMembers(node, Index[node].NameHash);
                }
                else if (!Names.SaysNothing(Index, node))
                {
                    Request.Losses.AddMember(place);
                }

                continue;
            }

            if (part is RequestPart.Hint or RequestPart.Proxy || Index[node].Kind == JsonToken.Null)
            {
                continue;
            }

            if (part is RequestPart.None || !IsTaken(part))
            {
                if (!Names.SaysNothing(Index, node) || part == RequestPart.Seed)
                {
                    Request.Losses.AddMember(place);
                }
            }
            else if (part == RequestPart.Choices)
            {
                Lose(Index[node].IsInteger && Index[node].Number == 1, Loss.ManyChoices);
            }
            else if (part == RequestPart.Effort && !Efforts.Contains(Names.Word(Index, node)))
            {
                if (!Names.SaysNothing(Index, node))
                {
                    Request.Losses.AddMember(place);
                }
            }
            else if (Request[part] < 0)
            {
                Request[part] = node; // of two names the one that stands first in the request
            }
            else if (part is RequestPart.Format or RequestPart.Effort && !Names.SaysNothing(Index, node))
            {
                Request.Losses.AddMember(place); // the other name says something else
            }
        }
    }

    private bool IsTaken(RequestPart part) =>
        part is RequestPart.System or RequestPart.Choices or RequestPart.Stream || _target!.Has(part);

    private void Lose(bool isNothing, Loss loss)
    {
        if (!isNothing)
        {
            Lose(loss);
        }
    }

    private void ReadTools()
    {
        int tools = Request[RequestPart.Tools];
        if (!Names.Is(Index, tools, JsonToken.ArrayStart))
        {
            if (tools >= 0)
            {
                RefuseMember("tools");
            }

            return;
        }

        for (int node = tools + 1; node < Index[tools].Next; node = Index[node].Next)
        {
            if (Index[node].Kind != JsonToken.ObjectStart)
            {
                RefuseMember("tools[]");
                return;
            }

            ReadTool(node);
        }
    }

    private void ReadStops()
    {
        int stop = Request[RequestPart.Stop];
        if (Names.Is(Index, stop, JsonToken.String))
        {
            Request.Stops.Add(Place.Of(Index, stop));
        }
        else if (Names.Is(Index, stop, JsonToken.ArrayStart))
        {
            for (int node = stop + 1; node < Index[stop].Next; node = Index[node].Next)
            {
                if (Index[node].Kind != JsonToken.String)
                {
                    RefuseMember(members == RequestMembers.Messages ? "stop_sequences[]" : "stop[]");
                    return;
                }

                Request.Stops.Add(Place.Of(Index, node));
            }
        }
        else if (stop >= 0)
        {
            RefuseMember(members == RequestMembers.Messages ? "stop_sequences" : "stop");
        }
    }
}
