using System;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>A parameter of a query, as text, not encoded.</summary>
internal sealed record QueryParameter(string Name, string Value);

/// <summary>Changes to the parameters of a query.</summary>
internal sealed record QuerySettings : MiddlewareSettings
{
    /// <summary>Longest name or value in characters.</summary>
    public const int CharsMax = 1024;

    /// <summary>The only one of its name afterwards.</summary>
    public Sequence<QueryParameter> Set { get; init; } = Sequence<QueryParameter>.Empty;

    /// <summary>Added beside what is there.</summary>
    public Sequence<QueryParameter> Append { get; init; } = Sequence<QueryParameter>.Empty;

    public Sequence<string> Remove { get; init; } = Sequence<string>.Empty;
}

/// <summary>
/// <c>query</c>: removes, sets and appends parameters, in this order. Removing and setting find a name however it is
/// encoded, and behind ';' too, which some servers take for '&amp;'. The other parameters stay as they are.
/// </summary>
internal sealed class Query : Middleware
{
    private const int StackBytes = 512;

    private readonly byte[][] _dropped;
    private readonly byte[] _added;

    public Query(QuerySettings settings)
    {
        _dropped = new byte[settings.Remove.Count + settings.Set.Count][];
        int count = 0;
        foreach (string name in settings.Remove)
        {
            _dropped[count++] = Encoding.UTF8.GetBytes(name);
        }

        var added = new StringBuilder();
        foreach (QueryParameter parameter in settings.Set)
        {
            _dropped[count++] = Encoding.UTF8.GetBytes(parameter.Name);
            Add(added, parameter);
        }

        foreach (QueryParameter parameter in settings.Append)
        {
            Add(added, parameter);
        }

        _added = Encoding.ASCII.GetBytes(added.ToString());
    }

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        ReadOnlySpan<byte> query = exchange.Query;
        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], query.Length + 1 + _added.Length);
        int length = QueryText.CopyWithout(query, _dropped, scratch.Span, out bool isChanged);
        if (_added.Length > 0)
        {
            scratch.Span[length] = (byte)'&';
            length += length > 0 ? 1 : 0;
            _added.CopyTo(scratch.Span[length..]);
            length += _added.Length;
        }
        else if (!isChanged)
        {
            return Verdict.Next;
        }

        return exchange.TryRewriteQuery(scratch.Span[..length])
            ? Verdict.Next
            : exchange.Reject(RejectReason.TargetByteInvalid);
    }

    private static void Add(StringBuilder added, QueryParameter parameter)
    {
        added.Append(added.Length > 0 ? "&" : "").Append(Uri.EscapeDataString(parameter.Name))
            .Append('=').Append(Uri.EscapeDataString(parameter.Value));
    }
}
