using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline;
using EdgeProxy.Routing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config.Tables;

/// <summary>A rule and where its text stands.</summary>
internal readonly record struct PlacedRule(Rule Rule, string Text, TomlString Node)
{
    /// <summary>Nothing was filled in, so that the rule may be shown.</summary>
    public bool IsAsWritten => string.Equals(Text, Node.Value, StringComparison.Ordinal);
}

/// <summary>A router as read: names not looked up yet, null where the key is absent or at fault.</summary>
internal sealed record RouterDocument(
    string Name,
    TomlTable Table,
    IReadOnlyList<Placed<string>>? EntryPoints,
    PlacedRule? Rule,
    Placed<string>? Service,
    int? Priority,
    EncodedBytes AllowEncoded,
    IReadOnlyList<Placed<string>> Middlewares)
{
    public TraceRatio? TraceRatio { get; init; }

    /// <summary>Null where it is not said.</summary>
    public bool? IsAudited { get; init; }

    public bool? TakesDigests { get; init; }

    public PayloadMode Payloads { get; init; }

    public bool IsLogged { get; init; } = true;

    /// <summary>Of [tls.options], not looked up yet.</summary>
    public Placed<string>? TlsOptions { get; init; }
}

/// <summary>[routers.NAME]</summary>
internal static class RouterTable
{
    private const string Slash = "slash";
    private const string Backslash = "backslash";
    private const string Nul = "nul";
    private const string NoPayloads = "none";
    private const string RedactedPayloads = "redacted";
    private const string SealedPayloads = "sealed";

    private static readonly NameListKey EntryPoints = new("entrypoints", "entrypoint",
        "Entrypoints the router takes requests from. Without it: all.")
    {
        ExampleToml = "[\"web\"]",
    };

    private static readonly RuleKey RuleText = new("rule",
        "Which requests the router takes, in Traefik v3 syntax: Host, HostRegexp, Path, PathPrefix, PathRegexp, "
            + "Method, Header, HeaderRegexp, Query, QueryRegexp, ClientIP, joined with &&, ||, ! and parentheses; and "
            + "Model(`gpt-*`) for services with ai: what a call names in its body, a * at the end for every name that "
            + "begins so. It is read once the middlewares that all routers in question begin with let the call pass.")
    {
        IsRequired = true,
        ExampleToml = "'PathPrefix(`/`)'",
    };

    private static readonly ServiceNameKey Service = new("service", "The service that answers.")
    {
        IsRequired = true,
        ExampleToml = "\"app\"",
    };

    private static readonly IntegerKey Priority = new("priority", -1_000_000, 1_000_000, "",
        "Order among routers that take the same request: above 0 first, the highest before the others; below 0 last. "
            + "At 0 and without it: the more specific rule first.")
    {
        ExampleToml = "10",
    };

    private static readonly NameListKey Middlewares = new("middlewares", "middleware",
        "Steps the router applies, in this order on the way in and the reverse order on the way out.")
    {
        Default = [],
        ExampleToml = "[\"strip\"]",
    };

    private static readonly ChoiceListKey AllowEncoded = new("allow_encoded", [Slash, Backslash, Nul],
        "Percent-encoded bytes that a path may hold: %2F, %5C, %00. They are refused otherwise.")
    {
        Default = [],
        DefaultToml = "[]",
    };

    private static readonly ShareKey TraceShare = new("trace_ratio",
        "The share of traces begun here that is recorded. Without it: as [telemetry.traces] has it.")
    {
        ExampleToml = "0.1",
    };

    public static readonly BooleanKey Audit = new("audit",
        "Each request is a record of the audit chain. Without it: as audit.all_routers says; calls of models always.")
    {
        ExampleToml = "false",
    };

    public static readonly BooleanKey AuditDigests = new("audit_digests",
        "A record has the SHA-256 of the request's body and of the answer's. Records of calls of models always do.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static readonly ChoiceKey AuditPayloads = new("audit_payloads",
        [NoPayloads, RedactedPayloads, SealedPayloads],
        "What is kept of the bodies of requests and answers, apart from the audit chain: nothing, text with what the "
            + "detectors find masked, all of it encrypted to audit.payloads.public_key_file.")
    {
        Default = NoPayloads,
        DefaultToml = $"\"{NoPayloads}\"",
    };

    private static readonly BooleanKey IsLogged = new("access_log",
        "[access_log] tells of the router's requests.")
    {
        Default = true,
        DefaultToml = "true",
    };

    public static TableDeclaration Declaration { get; } = new("routers", IsNamed: true,
        "Which requests go to which service.",
        [
            EntryPoints, RuleText, Middlewares, Service, Priority, AllowEncoded, TraceShare, IsLogged, Audit,
            AuditDigests, AuditPayloads,
        ])
    {
        ExampleName = "app",
        Tables = [RouterTlsTable.Declaration],
    };

    public static RouterDocument Parse(string name, TableScope scope)
    {
        EncodedBytes encoded = EncodedBytes.None;
        foreach (Placed<string> choice in AllowEncoded.Read(scope))
        {
            encoded |= choice.Value switch
            {
                Slash => EncodedBytes.Slash,
                Backslash => EncodedBytes.Backslash,
                _ => EncodedBytes.Nul,
            };
        }

        return new RouterDocument(name, scope.Table, EntryPoints.Read(scope), RuleText.Read(scope), Service.Read(scope),
            Priority.Read(scope), encoded, Middlewares.Read(scope))
        {
            TraceRatio = TraceShare.Read(scope) is { } share ? TraceRatio.Of(share) : null,
            IsAudited = scope.TryFind(Audit.Name, out _) ? Audit.Read(scope) : null,
            TakesDigests = scope.TryFind(AuditDigests.Name, out _) ? AuditDigests.Read(scope) : null,
            Payloads = AuditPayloads.Read(scope) switch
            {
                RedactedPayloads => PayloadMode.Redacted,
                SealedPayloads => PayloadMode.Sealed,
                _ => PayloadMode.None,
            },
            IsLogged = IsLogged.Read(scope),
            TlsOptions = RouterTlsTable.Parse(scope),
        };
    }

    private sealed class RuleKey(string name, string doc) : Key<PlacedRule?>(name, doc)
    {
        public override string TypeText => "rule";

        public override string Accepts => "write for example " + Range;

        public override string Range => "'Host(`shop.example.com`) && PathPrefix(`/orders`)'";

        protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out PlacedRule? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (text.Length > ConfigLimits.RuleCharsMax)
            {
                scope.Report(node, Name, $"is longer than {ConfigLimits.RuleCharsMax} characters");
                return false;
            }

            if (RuleParser.Parse(text, out IReadOnlyList<RuleError> errors) is { } rule)
            {
                value = new PlacedRule(rule, text, (TomlString)node);
                return true;
            }

            var written = (TomlString)node;
            bool isAsWritten = string.Equals(text, written.Value, StringComparison.Ordinal);
            foreach (RuleError error in errors)
            {
                (int line, int column) = TomlStringPlace.Of(written, isAsWritten ? error.Column : 0);
                // The parser quotes what it read, and what was filled in may be a secret.
                scope.Report(node, line, column, Name, isAsWritten
                    ? ConfigText.Shorten(error.Message, ConfigLimits.RuleMessageCharsMax)
                    : "is no rule with its ${...} filled in");
            }

            return false;
        }
    }
}
