using System.Collections.Generic;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Keys;

/// <summary>The keys that say where a request carries a credential.</summary>
internal sealed class CredentialKeys
{
    private readonly string _what;
    private readonly bool _isBearer;
    private readonly HeaderNameKey _header;
    private readonly TokenKey _scheme;
    private readonly TextKey _query;
    private readonly TokenKey _cookie;

    /// <param name="what">"key", "token".</param>
    /// <param name="queryName">A parameter's name, as an example.</param>
    /// <param name="isBearer">
    /// Without a place it is Authorization: Bearer (RFC 6750); else one has to be written.
    /// </param>
    public CredentialKeys(string what, string queryName, bool isBearer)
    {
        _what = what;
        _isBearer = isBearer;
        _header = new HeaderNameKey("header", $"The header that has the {what}. Or query, or cookie.")
        {
            Default = isBearer ? FieldName.Of("Authorization") : null,
            DefaultToml = isBearer ? "\"Authorization\"" : null,
            ExampleToml = "\"Authorization\"",
            IsChosen = !isBearer,
        };
        _scheme = new TokenKey("scheme", CredentialSettings.SchemeCharsMax,
            $"What stands in front of the {what} in the header."
                + (isBearer ? " Without it: Bearer in Authorization, nothing in others." : ""))
        {
            ExampleToml = "\"Bearer\"",
        };
        _query = new TextKey("query", CredentialSettings.NameCharsMax,
            $"The parameter of the query that has the {what}. Queries end up in the logs of others: prefer a header.")
        {
            ExampleToml = $"\"{queryName}\"",
            IsAlternative = true,
        };
        _cookie = new TokenKey("cookie", CredentialSettings.NameCharsMax, $"The cookie that has the {what}.")
        {
            ExampleToml = $"\"{what}\"",
            IsAlternative = true,
        };
    }

    public IReadOnlyList<Key> Declared => [_header, _scheme, _query, _cookie];

    public CredentialSettings Read(TableScope scope)
    {
        FieldName? header = _header.Read(scope);
        string? scheme = _scheme.Read(scope);
        string? query = _query.Read(scope);
        string? cookie = _cookie.Read(scope);
        int places = scope.Count(_header) + scope.Count(_query) + scope.Count(_cookie);
        if (places > 1 || (places == 0 && !_isBearer))
        {
            scope.Report(scope.Table, "", $"needs one place for the {_what}; write one of header, query, cookie");
        }

        bool isHeader = scope.Count(_header) > 0 || (places == 0 && _isBearer);
        if (!isHeader)
        {
            if (scope.TryFind(_scheme.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, _scheme.Name, "does nothing without header");
            }

            return new CredentialSettings(null, "", query ?? "", cookie ?? "");
        }

        bool isBearer = _isBearer && scheme is null && header?.Known == KnownHeader.Authorization;
        return new CredentialSettings(header, isBearer ? "Bearer" : scheme ?? "", "", "");
    }
}
