using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>What a writer writes from.</summary>
/// <param name="body">The bytes its places are of.</param>
/// <param name="tokensMax">Most tokens of the answer, where a dialect has to be told and nobody said.</param>
internal readonly ref struct RequestSource(
    JsonIndex index, ReadOnlySpan<byte> body, ChatRequest request, ProviderKind provider, int tokensMax)
{
    public JsonIndex Index { get; } = index;

    public ReadOnlySpan<byte> Body { get; } = body;

    public ChatRequest Request { get; } = request;

    public ProviderKind Provider { get; } = provider;

    public int TokensMax { get; } = tokensMax;
}

/// <summary>Writes chat requests, each piece after the one before.</summary>
internal abstract class RequestWriter(TranslatedText text)
{
    private bool _hasMember;

    protected TranslatedText Text { get; } = text;

    /// <summary>The member that cannot be said; null if the request is written.</summary>
    public abstract string? Write(in RequestSource source);

    protected void BeginObject()
    {
        Text.Add("{"u8);
        _hasMember = false;
    }

    /// <summary>Begins a member of the request itself.</summary>
    /// <param name="name">With its quotes and the colon.</param>
    protected void Member(ReadOnlySpan<byte> name)
    {
        Text.Add(_hasMember ? ","u8 : default);
        _hasMember = true;
        Text.Add(name);
    }

    /// <summary>Copies a member's value, if it is there.</summary>
    protected void Copy(in RequestSource source, RequestPart part, ReadOnlySpan<byte> name)
    {
        int node = source.Request[part];
        if (node >= 0)
        {
            Member(name);
            Text.Add(source.Body, Place.Of(source.Index, node));
        }
    }

    protected void Flag(ReadOnlySpan<byte> name, bool value)
    {
        Member(name);
        Text.Add(value ? "true"u8 : "false"u8);
    }

    protected void Stops(in RequestSource source, ReadOnlySpan<byte> name)
    {
        if (source.Request.Stops.Count == 0)
        {
            return;
        }

        Member(name);
        for (int stop = 0; stop < source.Request.Stops.Count; stop++)
        {
            Text.Add(stop == 0 ? "["u8 : ","u8);
            Text.Add(source.Body, source.Request.Stops[stop]);
        }

        Text.Add("]"u8);
    }

    /// <summary>The id of a call, or one made of its number.</summary>
    protected void Id(in RequestSource source, Place id, int number)
    {
        if (id.IsThere)
        {
            Text.Add(source.Body, id);
            return;
        }

        Text.Add("\"call_"u8);
        Text.Add(number);
        Text.Add("\""u8);
    }

    /// <summary>An image's media type, without quotes.</summary>
    protected void MediaType(in RequestSource source, in ChatPart image) =>
        Text.Add(image.First.IsThere
            ? source.Body[image.First.Start..image.First.End]
            : ImageTypes.Of(source.Body[image.Second.Start..image.Second.End]));

    /// <summary>The most tokens asked for; 0 if nothing usable is said.</summary>
    protected static long TokensAsked(in RequestSource source)
    {
        int node = source.Request[RequestPart.MaxTokens];
        return node >= 0 && source.Index[node].IsInteger && source.Index[node].Number > 0
            ? source.Index[node].Number
            : 0;
    }
}
