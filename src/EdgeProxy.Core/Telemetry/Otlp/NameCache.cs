using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Names of spans, each made once. Used by the reading thread.</summary>
internal static class NameCache
{
    // Of routers and methods; over it names are made each time.
    private const int NamesMax = 10_000;

    [ThreadStatic]
    private static Dictionary<(string Method, string Router), string>? s_names;

    public static string Of(string method, string router)
    {
        s_names ??= [];
        if (s_names.TryGetValue((method, router), out string? name))
        {
            return name;
        }

        name = $"{method} {router}";
        if (s_names.Count < NamesMax)
        {
            s_names.Add((method, router), name);
        }

        return name;
    }
}

/// <summary>Servers' names taken apart, each once. Used by the reading thread.</summary>
internal static class ServerCache
{
    private const int NamesMax = 10_000;

    [ThreadStatic]
    private static Dictionary<string, (string Host, int Port)>? s_servers;

    public static (string Host, int Port) Of(string name)
    {
        s_servers ??= [];
        if (s_servers.TryGetValue(name, out (string Host, int Port) server))
        {
            return server;
        }

        int colon = name.LastIndexOf(':');
        server = colon > 0
            && int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? (name[..colon].Trim('[', ']'), port)
            : (name, 0);
        if (s_servers.Count < NamesMax)
        {
            s_servers.Add(name, server);
        }

        return server;
    }
}

/// <summary>Keys of attributes of request fields, each made once. Used by the reading thread.</summary>
internal static class HeaderKeys
{
    [ThreadStatic]
    private static Dictionary<FieldName, string>? s_keys;

    /// <summary>http.request.header.user-agent</summary>
    public static string Of(FieldName field)
    {
        s_keys ??= [];
        if (!s_keys.TryGetValue(field, out string? key))
        {
            key = "http.request.header." + Encoding.ASCII.GetString(field.Written).ToLowerInvariant();
            s_keys.Add(field, key);
        }

        return key;
    }
}
