using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Host.Commands;

/// <summary>What <c>explain</c> was asked, as typed.</summary>
internal sealed record ExplainArguments
{
    private const string AuthorityDefault = "localhost";

    public required string Method { get; init; }

    /// <summary>http://host/path?query, or /path for host localhost.</summary>
    public required string Url { get; init; }

    /// <summary>"name: value" each.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>The client's address; null is 127.0.0.1.</summary>
    public string? Client { get; init; }

    /// <summary>The model its body names; null is none.</summary>
    public string? Model { get; init; }

    /// <summary>Null is every entrypoint.</summary>
    public string? EntryPoint { get; init; }

    /// <summary>
    /// Null, with the reason, for what cannot be written as a request at all; what can is the reader's to judge.
    /// </summary>
    public ExplainedRequest? ToRequest(out string reason)
    {
        reason = "";
        if (!TrySplitUrl(out string authority, out string target))
        {
            reason = $"URL is http://host/path or /path, not '{Url}'";
            return null;
        }

        if (!IpAddress.TryParse(Encoding.ASCII.GetBytes(Client ?? "127.0.0.1"), out IpAddress client))
        {
            reason = $"--client is an IPv4 or IPv6 address, not '{Client}'";
            return null;
        }

        var lines = new StringBuilder();
        foreach (string field in Fields)
        {
            int colon = field.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                reason = $"--header is 'name: value', not '{field}'";
                return null;
            }

            // As the engine takes them: the Host of the command line stands for the one of the URL.
            if (field.AsSpan(0, colon).Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                authority = field[(colon + 1)..].Trim();
            }
            else
            {
                lines.Append(field).Append("\r\n");
            }
        }

        return new ExplainedRequest(Method, authority, target, lines.ToString(), client)
        {
            Model = Model ?? "",
        };
    }

    // By hand: a URI class would make the path canonical before the engine gets to see it.
    private bool TrySplitUrl(out string authority, out string target)
    {
        authority = AuthorityDefault;
        target = Url;
        if (Url.StartsWith('/'))
        {
            return true;
        }

        int start = Url.IndexOf("://", StringComparison.Ordinal);
        if (start <= 0)
        {
            return false;
        }

        start += "://".Length;
        int end = Url.AsSpan(start).IndexOfAny('/', '?', '#');
        authority = end < 0 ? Url[start..] : Url[start..(start + end)];
        string rest = end < 0 ? "" : Url[(start + end)..];
        // RFC 9112 section 3.2.1: an empty path is sent as "/".
        target = rest.StartsWith('/') ? rest : "/" + rest;
        return authority.Length > 0;
    }
}
