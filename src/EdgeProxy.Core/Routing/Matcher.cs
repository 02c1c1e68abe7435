using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Routing;

/// <summary>
/// One test of a request, with its values already canonical and compiled. Immutable, asked by all threads.
/// </summary>
internal sealed record Matcher : Rule
{
    private readonly byte[] _key;
    private readonly byte[] _value;

    private Matcher(MatcherKind kind, string name, string key, string value, bool showsKey)
        : base(showsKey
            ? $"{name}({Quote(key)}, {Quote(value)})"
            : $"{name}({Quote(value)})")
    {
        Kind = kind;
        Key = key;
        Value = value;
        _key = Encoding.UTF8.GetBytes(key);
        _value = Encoding.UTF8.GetBytes(kind == MatcherKind.HostWildcard ? value["*.".Length..]
            : kind == MatcherKind.Model && value.EndsWith('*') ? value[..^1]
            : value);
    }

    public static Matcher AnyHost { get; } = new(MatcherKind.AnyHost, "Host", "", "*", showsKey: false);

    public MatcherKind Kind { get; }

    /// <summary>Name of the header or of the query parameter.</summary>
    public string Key { get; }

    /// <summary>The text to equal, to start with, or the pattern as written.</summary>
    public string Value { get; }

    /// <summary>
    /// The literal as bytes; of a wildcard host the part after "*.", of a model that before the * at its end.
    /// </summary>
    public ReadOnlySpan<byte> ValueBytes => _value;

    /// <summary>Set for the regular expressions.</summary>
    public UserPattern? Pattern { get; private init; }

    /// <summary>Set for ClientIP.</summary>
    public CidrRange Range { get; private init; }

    /// <summary>Set for Method; <see cref="Primitives.Http.Method.Other"/> is compared as text.</summary>
    public Method Method { get; private init; }

    public static Matcher Host(string host) => host switch
    {
        "*" => AnyHost,
        _ when host.StartsWith("*.", StringComparison.Ordinal) =>
            new Matcher(MatcherKind.HostWildcard, "Host", "", host, showsKey: false),
        _ => new Matcher(MatcherKind.Host, "Host", "", host, showsKey: false),
    };

    public static Matcher Path(string path) => new(MatcherKind.Path, "Path", "", path, showsKey: false);

    /// <summary>
    /// Unlike Traefik's, a prefix without final slash ends at a segment: /products takes /products and /products/1, not
    /// /products-for-sale (decision 0010).
    /// </summary>
    public static Matcher PathPrefix(string path) =>
        new(MatcherKind.PathPrefix, "PathPrefix", "", path, showsKey: false);

    public static Matcher OfMethod(string method, Method known) =>
        new(MatcherKind.Method, "Method", "", method, showsKey: false) { Method = known };

    public static Matcher Header(string name, string value) =>
        new(MatcherKind.Header, "Header", name, value, showsKey: true);

    public static Matcher Query(string name, string value) =>
        new(MatcherKind.Query, "Query", name, value, showsKey: true);

    public static Matcher ClientIp(string text, CidrRange range) =>
        new(MatcherKind.ClientIp, "ClientIP", "", text, showsKey: false) { Range = range };

    /// <summary>A model's name; with a * at its end every name that begins so.</summary>
    public static Matcher Model(string name) => new(MatcherKind.Model, "Model", "", name, showsKey: false);

    public static Matcher Regexp(MatcherKind kind, string key, UserPattern pattern) =>
        new(kind, kind.ToString(), key, pattern.Source, kind is MatcherKind.HeaderRegexp or MatcherKind.QueryRegexp)
        {
            Pattern = pattern,
        };

    public bool Equals(Matcher? other) => base.Equals(other);

    public override int GetHashCode() => base.GetHashCode();

    public bool Matches(in RouteQuery query) => Kind switch
    {
        MatcherKind.AnyHost => true,
        MatcherKind.Host or MatcherKind.HostWildcard or MatcherKind.HostRegexp => TakesHost(query.Host),
        MatcherKind.Path or MatcherKind.PathPrefix or MatcherKind.PathRegexp => TakesPath(query.Path),
        MatcherKind.Method => TakesMethod(query),
        MatcherKind.ClientIp => Range.Contains(query.Client),
        MatcherKind.Header or MatcherKind.HeaderRegexp => TakesHeader(query),
        MatcherKind.Model => TakesModel(query.Model),
        _ => TakesQuery(query.Query),
    };

    public bool TakesHost(ReadOnlySpan<byte> host) => Kind switch
    {
        MatcherKind.Host => host.SequenceEqual(_value),
        MatcherKind.HostWildcard => HostText.AfterFirstLabel(host).SequenceEqual(_value),
        MatcherKind.HostRegexp => Pattern!.IsMatch(host),
        _ => true,
    };

    public bool TakesPath(ReadOnlySpan<byte> path) => Kind switch
    {
        MatcherKind.Path => path.SequenceEqual(_value),
        MatcherKind.PathPrefix => path.StartsWith(_value)
            && (path.Length == _value.Length || _value[^1] == '/' || path[_value.Length] == '/'),
        _ => Pattern!.IsMatch(path),
    };

    /// <summary>Of a Model: every name that begins with its text is meant.</summary>
    public bool IsModelPrefix => Kind == MatcherKind.Model && Value.EndsWith('*');

    /// <param name="model">Empty for none, which no Model takes.</param>
    public bool TakesModel(ReadOnlySpan<byte> model) =>
        !model.IsEmpty && (IsModelPrefix ? model.StartsWith(_value) : model.SequenceEqual(_value));

    private bool TakesMethod(in RouteQuery query) =>
        query.Head.Method == Method
        && (Method != Method.Other || query.Head.MethodText.Of(query.HeadBytes).SequenceEqual(_value));

    private bool TakesHeader(in RouteQuery query)
    {
        foreach (ref readonly HeaderField field in query.Head.Fields)
        {
            if (field.Name.Length == _key.Length
                && Ascii.EqualsIgnoreCase(field.Name.Of(query.HeadBytes), _key)
                && TakesText(field.Value.Of(query.HeadBytes)))
            {
                return true;
            }
        }

        return false;
    }

    private bool TakesQuery(ReadOnlySpan<byte> query)
    {
        var pairs = new QueryPairs(query);
        while (pairs.Next())
        {
            if (QueryPairs.Is(pairs.Key, _key)
                && (Pattern is null ? QueryPairs.Is(pairs.Value, _value) : QueryPairs.IsMatch(pairs.Value, Pattern)))
            {
                return true;
            }
        }

        return false;
    }

    private bool TakesText(ReadOnlySpan<byte> text) =>
        Pattern is null ? text.SequenceEqual(_value) : Pattern.IsMatch(text);

    private static string Quote(string text)
    {
        if (!text.AsSpan().ContainsAny('`', '\r'))
        {
            return $"`{text}`";
        }

        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            switch (c)
            {
                case '"' or '\\':
                    quoted.Append('\\').Append(c);
                    break;
                case < ' ':
                    quoted.Append("\\x").Append(((int)c).ToString("x2", null));
                    break;
                default:
                    quoted.Append(c);
                    break;
            }
        }

        return quoted.Append('"').ToString();
    }
}
