using System;
using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables.Middlewares;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables;

/// <summary>A middleware as read: its settings, or the chain it stands for, with names not looked up yet.</summary>
/// <param name="Settings">Null for a chain, and where there is a fault.</param>
/// <param name="Chain">Null but for a chain.</param>
internal sealed record MiddlewareDocument(
    string Name, MiddlewareSettings? Settings, IReadOnlyList<Placed<string>>? Chain);

/// <summary>[middlewares.NAME.KIND]</summary>
internal static class MiddlewareTable
{
    // One line per kind, in the order of the reference.
    private static readonly Kind[] Kinds =
    [
        new(StripPrefixTable.Declaration, StripPrefixTable.Parse),
        new(HeadersTable.Declaration, HeadersTable.Parse),
        new(AddPrefixTable.Declaration, AddPrefixTable.Parse),
        new(StripPrefixRegexTable.Declaration, StripPrefixRegexTable.Parse),
        new(ReplacePathTable.Declaration, ReplacePathTable.Parse),
        new(ReplacePathRegexTable.Declaration, ReplacePathRegexTable.Parse),
        new(RedirectSchemeTable.Declaration, RedirectSchemeTable.Parse),
        new(RedirectRegexTable.Declaration, RedirectRegexTable.Parse),
        new(RespondTable.Declaration, RespondTable.Parse),
        new(QueryTable.Declaration, QueryTable.Parse),
        new(CorsTable.Declaration, CorsTable.Parse),
        new(SecurityHeadersTable.Declaration, SecurityHeadersTable.Parse),
        new(BodyLimitTable.Declaration, BodyLimitTable.Parse),
        new(BufferingTable.Declaration, BufferingTable.Parse),
        new(ErrorsTable.Declaration, ErrorsTable.Parse),
        new(CompressTable.Declaration, CompressTable.Parse),
        new(RateLimitTable.Declaration, RateLimitTable.Parse),
        new(InFlightTable.Declaration, InFlightTable.Parse),
        new(IpListTable.Allow, IpListTable.ParseAllow),
        new(IpListTable.Deny, IpListTable.ParseDeny),
        new(ApiKeyTable.Declaration, ApiKeyTable.Parse),
        new(BasicAuthTable.Declaration, BasicAuthTable.Parse),
        new(JwtTable.Declaration, JwtTable.Parse),
        new(ForwardAuthTable.Declaration, ForwardAuthTable.Parse),
        new(ClientCertTable.Declaration, ClientCertTable.Parse),
        new(AiGuardTable.Declaration, AiGuardTable.Parse),
    ];

    public static TableDeclaration Declaration { get; } = new("middlewares", IsNamed: true,
        "Steps that routers apply, in the order of their lists. Each has exactly one kind.", [])
    {
        Tables = [.. Array.ConvertAll(Kinds, static kind => kind.Declaration), ChainTable.Declaration],
    };

    public static MiddlewareDocument Parse(string name, TableScope scope)
    {
        TomlEntry? found = null;
        foreach (TomlEntry entry in scope.Table.Entries)
        {
            if (!Declaration.Knows(entry.Key))
            {
                return new MiddlewareDocument(name, null, null); // reported as unknown already
            }

            if (found is not null)
            {
                scope.Report(
                    entry.Value, entry.Key, $"is a second kind; a middleware has one, this one {found.Value.Key}");
                return new MiddlewareDocument(name, null, null);
            }

            found = entry;
        }

        return found is { } only ? ParseKind(name, scope, only) : Missing(name, scope);
    }

    private static MiddlewareDocument ParseKind(string name, TableScope scope, TomlEntry entry)
    {
        if (entry.Value is not TomlTable table)
        {
            scope.Report(entry.Value, entry.Key,
                $"is {entry.Value.Describe()}; write a table [{Declaration.Name}.NAME.{entry.Key}]");
            return new MiddlewareDocument(name, null, null);
        }

        Kind? kind = Array.Find(Kinds, kind => kind.Declaration.Name == entry.Key);
        return kind is null
            ? new MiddlewareDocument(
                name, null, ChainTable.Parse(scope.Within(table, entry.Key, ChainTable.Declaration)))
            : new MiddlewareDocument(
                name, kind.Parse(name, scope.Within(table, entry.Key, kind.Declaration)), null);
    }

    private static MiddlewareDocument Missing(string name, TableScope scope)
    {
        scope.Report(scope.Table, "", $"has no kind; write one of {string.Join(", ", Declaration.Names())}");
        return new MiddlewareDocument(name, null, null);
    }

    /// <param name="Parse">Null after a fault was reported.</param>
    private sealed record Kind(
        TableDeclaration Declaration, Func<string, TableScope, MiddlewareSettings?> Parse);
}
