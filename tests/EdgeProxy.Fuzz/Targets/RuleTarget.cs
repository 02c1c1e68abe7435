using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Rules: any text is a rule or has errors in place; a rule printed is the same rule; its matchers joined by the slow
/// oracle, its evaluation and the table compiled of it take the same requests.
/// </summary>
internal sealed class RuleTarget : FuzzTarget
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string[] Heads =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /p/q?X=1&Y=a%20b HTTP/1.1\r\nHost: a.x\r\nX: 1\r\nAccept: text/html\r\n\r\n",
        "POST /p/q/ HTTP/1.1\r\nHost: b.x\r\nX: 2\r\n\r\n",
        "PURGE /z/12?X= HTTP/1.1\r\nHost: example.com\r\nX:\r\n\r\n",
        "GET /pq HTTP/1.0\r\n\r\n",
    ];

    private static readonly string[] Clients = ["10.0.0.1", "192.0.2.1", "2001:db8::1", "10.1.2.3", "127.0.0.1"];

    private readonly SampleHead[] _requests = [.. Heads.Zip(Clients, (head, client) => new SampleHead(head, client))];

    public override string Name => "rule";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "Host(`a`)", "Host(`*.x`) && PathPrefix(`/p`)", "Path(`/p/q`) || !(Method(`GET`) && Host(`a.x`))",
            "HostRegexp(`^[a-z]+\\.x$`) && !Query(`X`, `1`)", "Header(`X`, `1`) && HeaderRegexp(`Accept`, `text/.*`)",
            "QueryRegexp(`X`, `^[0-9]{1,3}$`) || ClientIP(`10.0.0.0/8`)", "ClientIP(`2001:db8::/32`)",
            "PathRegexp(`^/(p|z)/`)", "Query(\"X\\u0041\", `a`)", "!!Host(`example.com`) && Path(`/%7Ep/../p`)",
            "((Host(`a`) || Host(`b`)) && (PathPrefix(`/p`) || PathPrefix(`/z`)))",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "&&", "||", "!", "(", ")", "`", "\"", ",", " ", "\\", "\\x41", "\\u00e9", "Host(`a`)", "Host(`*`)",
            "Path(`/`)", "PathPrefix(`/p`)", "PathRegexp(`q`)", "Method(`GET`)", "Method(`PURGE`)",
            "Query(`X`)", "QueryRegexp(`X`,`1`)", "Header(`X`,`1`)", "HeaderRegexp(`X`,`[12]`)",
            "ClientIP(`10.0.0.0/8`)", "HostRegexp(`^a`)", "HostSNI(`a`)", "/p/q", "a.x", "%2f", "%2e", "..", "//",
            "[a-z]", "(?i)", "{2,3}", "*", "+", "?", "\\d", "\\p{L}", "[[:alpha:]]", "\\b", "^", "$", "|", "\r", "\n",
            "\0", "\u00e9", "\uFFFD", "(((((((((((((((((", "!!!!!!!!!!!!!!!!!",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        long start = Stopwatch.GetTimestamp();
        Rule? rule = RuleParser.Parse(text, out IReadOnlyList<RuleError> errors);
        Require(rule is null == errors.Count > 0, "a rule and errors, or neither");
        foreach (RuleError error in errors)
        {
            Require(error.Column >= 1 && error.Column <= text.Length + 1, $"column {error.Column}: {error.Message}");
            Require(error.Message.Length > 0, "an error that says nothing");
        }

        if (rule is null)
        {
            // Messages quote what was found; their length tells kinds apart well enough.
            return HashCode.Combine(Math.Min(errors.Count, 4), Math.Min(errors[0].Message.Length / 4, 40));
        }

        CheckPrinted(rule);
        int takes = CheckTaken(rule, text);
        Require(Stopwatch.GetElapsedTime(start) < Patience, $"took {Stopwatch.GetElapsedTime(start)}");
        return HashCode.Combine(
            rule.GetType(), takes, Math.Min(rule.Expansion!.Count, 9), Math.Min(rule.Text.Length / 32, 16));
    }

    private static void CheckPrinted(Rule rule)
    {
        Rule? again = RuleParser.Parse(rule.Text, out IReadOnlyList<RuleError> errors);

        // Printing writes out escapes and parentheses, so that a rule at a limit can pass it.
        bool isAtLimit = rule.Text.Length > RuleLimits.TextCharsMax
            || (errors.Count > 0 && errors[0].Message.Contains("nested", StringComparison.Ordinal));
        Require(isAtLimit || again is not null, $"printed {rule.Text}: {(errors.Count > 0 ? errors[0] : default)}");
        Require(isAtLimit || again!.Text == rule.Text, $"printed {rule.Text}, then {again?.Text}");
    }

    private int CheckTaken(Rule rule, string text)
    {
        var builder = new RouteTableBuilder();
        builder.Add(0, rule, priority: null);
        RouteTable table = builder.Build(out _);
        int taken = 0;
        for (int i = 0; i < _requests.Length; i++)
        {
            RouteQuery query = _requests[i].Query;
            bool matches = RuleEvaluator.Matches(rule, query);
            Require(matches == (table.Match(query) == 0), $"request {i}: asked {matches}, the table says else");
            Require(matches == NaiveRule.Matches(text, _requests[i]), $"request {i}: asked {matches}, naive says else");
            taken |= matches ? 1 << i : 0;
        }

        return taken;
    }

    /// <summary>A request as a rule sees it.</summary>
    internal sealed class SampleHead
    {
        private readonly byte[] _bytes;
        private readonly RequestHead _head = new();
        private readonly IpAddress _client;

        public SampleHead(string text, string client)
        {
            _bytes = Encoding.ASCII.GetBytes(text);
            Require(
                RequestHeadReader.Read(_bytes, HeadLimits.Default, _head) == ParseStatus.Complete
                && IpAddress.TryParse(Encoding.ASCII.GetBytes(client), out _client), "not a request");
        }

        public RouteQuery Query => new()
        {
            Host = _head.Host.Of(_bytes),
            Path = _head.Path.Of(_bytes),
            Query = _head.Query.Of(_bytes),
            Client = _client,
            Head = _head,
            HeadBytes = _bytes,
        };
    }

    /// <summary>
    /// The grammar above the matchers by rewriting: each matcher becomes T or F, and what stands side by side is
    /// reduced until one letter is left. No precedence climbing, no tree.
    /// </summary>
    private static class NaiveRule
    {
        private const string Text = "(?:`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\")";

        private static readonly Regex Matcher = new(
            $"[A-Za-z][A-Za-z0-9_]*[ \\t\\r\\n]*\\([ \\t\\r\\n]*{Text}(?:[ \\t\\r\\n]*,[ \\t\\r\\n]*{Text})*"
            + "[ \\t\\r\\n]*\\)");

        private static readonly (Regex Find, string Put)[] Steps =
        [
            (new("\\(([TF])\\)"), "$1"),
            (new("!T"), "F"),
            (new("!F"), "T"),
            (new("(?<!!)T&&T"), "T"),
            (new("(?<!!)(?:T&&F|F&&T|F&&F)"), "F"),
            (new("(?<![!&])F\\|\\|F(?!&)"), "F"),
            (new("(?<![!&])(?:T\\|\\|T|T\\|\\|F|F\\|\\|T)(?!&)"), "T"),
        ];

        public static bool Matches(string text, SampleHead request)
        {
            string left = Matcher.Replace(text, call => Holds(call.Value, request) ? "T" : "F");
            left = Regex.Replace(left, "[ \\t\\r\\n]", "");
            for (string before = ""; before != left;)
            {
                before = left;
                foreach ((Regex find, string put) in Steps)
                {
                    left = find.Replace(left, put);
                }
            }

            Require(left is "T" or "F", $"what is left of {text} is {left}");
            return left == "T";
        }

        // One matcher alone may be one no request can match only in company; alone it always parses.
        private static bool Holds(string call, SampleHead request)
        {
            Rule? alone = RuleParser.Parse(call, out _);
            Require(alone is EdgeProxy.Routing.Matcher, $"{call} is no matcher alone");
            return RuleEvaluator.Matches(alone!, request.Query);
        }
    }
}
