using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Fields to set, append and remove in one direction.</summary>
internal sealed record HeaderChanges
{
    public static HeaderChanges None { get; } = new();

    /// <summary>The only field of its name afterwards.</summary>
    public Sequence<HeaderLine> Set { get; init; } = Sequence<HeaderLine>.Empty;

    /// <summary>Added beside what is there.</summary>
    public Sequence<HeaderLine> Append { get; init; } = Sequence<HeaderLine>.Empty;

    public Sequence<FieldName> Remove { get; init; } = Sequence<FieldName>.Empty;
}

/// <summary>A name and the value it gets.</summary>
internal sealed record HeaderLine(FieldName Name, ValueTemplate Value);

/// <summary>Changes to heads, towards the server and towards the client.</summary>
internal sealed record HeadersSettings : MiddlewareSettings
{
    public HeaderChanges Request { get; init; } = HeaderChanges.None;

    public HeaderChanges Response { get; init; } = HeaderChanges.None;
}

/// <summary>
/// <c>headers</c>: removes, sets and appends, in this order. Removing and setting find every spelling of a name that a
/// server may take for it. Values may name facts of the exchange, see <see cref="ValueTemplate"/>.
/// </summary>
internal sealed class Headers(HeadersSettings settings) : Middleware
{
    private readonly bool _answersNamePath = NamesPath(settings.Response.Set) || NamesPath(settings.Response.Append);

    public override Verdict OnRequest(Exchange exchange)
    {
        // The head it was read in makes room for a long body before there is an answer.
        if (_answersNamePath && exchange.RewrittenPath is null && !exchange.TryRewritePath(exchange.Path))
        {
            return Verdict.Answered;
        }

        Apply(settings.Request, exchange.RequestEdits, exchange);
        return Verdict.Next;
    }

    public override void OnResponse(Exchange exchange) => Apply(settings.Response, exchange.ResponseEdits, exchange);

    private static bool NamesPath(Sequence<HeaderLine> lines)
    {
        bool isNamed = false;
        foreach (HeaderLine line in lines.Span)
        {
            isNamed |= line.Value.NamesPath;
        }

        return isNamed;
    }

    private static void Apply(HeaderChanges changes, HeaderEdits edits, Exchange exchange)
    {
        foreach (FieldName name in changes.Remove.Span)
        {
            edits.Remove(name);
        }

        foreach (HeaderLine line in changes.Set.Span)
        {
            edits.Remove(line.Name);
            line.Value.AppendTo(edits, line.Name, exchange);
        }

        foreach (HeaderLine line in changes.Append.Span)
        {
            line.Value.AppendTo(edits, line.Name, exchange);
        }
    }
}
