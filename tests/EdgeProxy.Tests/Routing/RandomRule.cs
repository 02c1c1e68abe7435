using System;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Routing;

/// <summary>A request in plain strings, as an oracle sees it.</summary>
internal sealed record PlainRequest(
    string Method,
    string Host,
    string Path,
    (string Key, string Value)[] Query,
    (string Name, string Value)[] Fields,
    string Client,
    string Model = "")
{
    public SampleRequest Sample()
    {
        string query = string.Join('&', Query.Select(pair => $"{Encode(pair.Key)}={Encode(pair.Value)}"));
        return new SampleRequest(
            $"{Method} {Path}{(query.Length > 0 ? "?" : "")}{query}", Host, Client,
            Fields.Select(f => $"{f.Name}: {f.Value}"))
        {
            Model = Model,
        };
    }

    private static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b => $"%{b:x2}"));
}

/// <summary>
/// Makes up a rule together with an oracle that shares nothing with the product: strings, delegates, the backtracking
/// engine. The pools are small, so that requests often meet rules and rules often meet each other.
/// </summary>
internal sealed class RandomRule(Random random, bool hasModels = false)
{
    private static readonly string[] Hosts = ["a", "b", "a.x", "b.x", "a.b.x", "x", "c.y", "a.y"];
    private static readonly string[] Wildcards = ["*.x", "*.b.x", "*.y", "*"];
    private static readonly string[] Paths =
        ["/", "/p", "/p/", "/p/q", "/p/q/", "/p/qr", "/pq", "/p/q/r", "/z/1", "/z/12"];
    private static readonly string[] Patterns = ["^/p", "^/p/q", "^/p$", "q", "/z/[0-9]+$", "^/(p|z)/", "^/z/1?"];
    private static readonly string[] HostPatterns = ["^a", "x$", "^[ab][.]x$", "b"];
    private static readonly string[] Methods = ["GET", "POST", "HEAD", "PURGE", "REPORT"];
    private static readonly string[] Names = ["X", "Y", "Accept"];
    private static readonly string[] Values = ["1", "2", "", "a b"];
    private static readonly string[] ValuePatterns = ["^1", "^$", "[12]", " "];
    private static readonly (string Text, Func<string, bool> Has)[] Networks =
    [
        ("10.0.0.0/8", ip => ip.StartsWith("10.", StringComparison.Ordinal)),
        ("10.1.0.0/16", ip => ip.StartsWith("10.1.", StringComparison.Ordinal)),
        ("192.0.2.1", ip => ip == "192.0.2.1"),
        ("2001:db8::/32", ip => ip.StartsWith("2001:db8:", StringComparison.Ordinal)),
    ];

    private static readonly string[] Models = ["a", "ab", "abc", "b"];
    private static readonly string[] ModelPatterns = ["a", "ab", "b", "a*", "ab*", "*", "b*"];

    private static readonly string[] Clients =
        ["10.0.0.1", "10.1.2.3", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db9::1"];

    public (string Text, Func<PlainRequest, bool> Takes) Next(int depth)
    {
        if (depth == 0 || random.Next(4) == 0)
        {
            return Matcher();
        }

        (string Text, Func<PlainRequest, bool> Takes) left = Next(depth - 1);
        if (random.Next(4) == 0)
        {
            return ($"!({left.Text})", request => !left.Takes(request));
        }

        (string Text, Func<PlainRequest, bool> Takes) right = Next(depth - 1);
        return random.Next(3) > 0
            ? ($"({left.Text}) && ({right.Text})", request => left.Takes(request) && right.Takes(request))
            : ($"({left.Text}) || ({right.Text})", request => left.Takes(request) || right.Takes(request));
    }

    public PlainRequest Request() => new(
        Of(Methods),
        random.Next(12) == 0 ? "" : Of(Hosts),
        (Of(Paths) + (random.Next(4) == 0 ? Of(["/t", "t", "/", "/q"]) : ""))
            .Replace("//", "/", StringComparison.Ordinal),
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => (Of(Names), Of(Values)))],
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => (Of(Names), Of(Values)))],
        Of(Clients),
        !hasModels || random.Next(3) == 0 ? "" : Of(Models));

    private (string Text, Func<PlainRequest, bool> Takes) Matcher()
    {
        switch (random.Next(hasModels ? 15 : 13))
        {
            case 0 or 1:
                string host = Of(Hosts);
                return ($"Host(`{host}`)", request => request.Host == host);
            case 2:
                string wildcard = Of(Wildcards);
                return ($"Host(`{wildcard}`)", request => TakesWildcard(wildcard, request.Host));
            case 3:
                string hostPattern = Of(HostPatterns);
                return ($"HostRegexp(`{hostPattern}`)", request => Regex.IsMatch(request.Host, hostPattern));
            case 4:
                string exact = Of(Paths);
                return ($"Path(`{exact}`)", request => request.Path == exact);
            case 5 or 6:
                string prefix = Of(Paths);
                return ($"PathPrefix(`{prefix}`)", request => TakesPrefix(prefix, request.Path));
            case 7:
                string pattern = Of(Patterns);
                return ($"PathRegexp(`{pattern}`)", request => Regex.IsMatch(request.Path, pattern));
            case 8:
                string method = Of(Methods);
                return ($"Method(`{method}`)", request => request.Method == method);
            case 9:
                (string Text, Func<string, bool> Has) network = Networks[random.Next(Networks.Length)];
                return ($"ClientIP(`{network.Text}`)", request => network.Has(request.Client));
            case 10:
                (string name, string value) = (Of(Names), Of(Values));
                return ($"Header(`{name}`, `{value}`)", request => request.Fields.Contains((name, value)));
            case 11:
                (string key, string wanted) = (Of(Names), Of(Values));
                return ($"Query(`{key}`, `{wanted}`)", request => request.Query.Contains((key, wanted)));
            case 13 or 14:
                string model = Of(ModelPatterns);
                return ($"Model(`{model}`)", request => request.Model.Length > 0 && (model.EndsWith('*')
                    ? request.Model.StartsWith(model[..^1], StringComparison.Ordinal)
                    : request.Model == model));
            default:
                (string subject, string match) = (Of(Names), Of(ValuePatterns));
                return random.Next(2) == 0
                    ? ($"HeaderRegexp(`{subject}`, `{match}`)",
                        request => request.Fields.Any(f => f.Name == subject && Regex.IsMatch(f.Value, match)))
                    : ($"QueryRegexp(`{subject}`, `{match}`)",
                        request => request.Query.Any(q => q.Key == subject && Regex.IsMatch(q.Value, match)));
        }
    }

    private static bool TakesWildcard(string wildcard, string host) =>
        wildcard == "*"
        || (host.Split('.').Length == wildcard.Split('.').Length
            && host.EndsWith(wildcard[1..], StringComparison.Ordinal));

    private static bool TakesPrefix(string prefix, string path) =>
        prefix.EndsWith('/')
            ? path.StartsWith(prefix, StringComparison.Ordinal)
            : path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal);

    private string Of(string[] pool) => pool[random.Next(pool.Length)];
}
