using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Control;

/// <summary>The page of the admin address: tables and links, no script, nothing fetched from elsewhere.</summary>
internal static class OverviewPage
{
    /// <summary>More are counted: the page is for eyes, /api/v1/routers for programs.</summary>
    private const int RowsMax = 500;

    private const string Style =
        "body{font:14px/1.4 sans-serif;margin:2em;color:#222}table{border-collapse:collapse;margin:0 0 2em}"
        + "th,td{text-align:left;padding:2px 12px 2px 0;border-bottom:1px solid #ddd;vertical-align:top}"
        + ".up{color:#060}.off{color:#a00;font-weight:bold}code{font:13px monospace}";

    /// <summary>
    /// Content-Security-Policy Level 3: nothing may be loaded, run, framed or sent; the one style is named by its hash.
    /// </summary>
    public static string Policy { get; } = "default-src 'none'; style-src 'sha256-"
        + Convert.ToBase64String(Sha256.Of(Encoding.UTF8.GetBytes(Style)))
        + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static byte[] Write(
        ProxySettings? settings,
        EngineStatus engine,
        IReadOnlyList<ServiceStatus> services,
        string? notReady,
        IReadOnlyList<KeptEntry> history)
    {
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
        Add(html, $"EdgeProxy {settings?.Node.Name}").Append("</title><style>").Append(Style)
            .Append("</style></head><body>\n<h1>");
        Add(html, settings?.Node.Name ?? "EdgeProxy").Append("</h1>\n<table>");
        Row(html, "state", notReady ?? "ready", notReady is null ? "up" : "off");
        Row(html, "version", engine.Version);
        Row(html, "started", engine.StartedAt.ToString("u", CultureInfo.InvariantCulture));
        Row(html, "configuration", settings?.Hash ?? "");
        if (engine.RolledBackFrom is { } left)
        {
            Row(html, "rolled back from", left.Length == 0 ? "a file at fault" : left, "off");
        }

        Row(html, "connections", engine.ConnectionsOpen.ToString(CultureInfo.InvariantCulture));
        Row(html, "requests in flight", engine.ExchangesInFlight.ToString(CultureInfo.InvariantCulture));
        html.Append("</table>\n");
        Services(html, services);
        Routers(html, settings?.Routers ?? []);
        History(html, history);
        html.Append("<p><a href=\"/metrics\">metrics</a> <a href=\"/api/v1/openapi.json\">API</a> ")
            .Append("<a href=\"/api/v1/config\">configuration</a></p>\n</body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void Services(StringBuilder html, IReadOnlyList<ServiceStatus> services)
    {
        Head(html, "Services", "service", "server", "state", "address", "weight", "in flight", "last probe");
        int rows = 0;
        foreach (ServiceStatus service in services)
        {
            foreach (ServerStatus server in service.Servers)
            {
                if (rows++ < RowsMax)
                {
                    html.Append("<tr>");
                    Cell(html, service.Name);
                    Cell(html, server.Name);
                    Cell(html, server.State, server.IsUp ? "up" : "off");
                    Cell(html, server.Address);
                    Cell(html, server.Weight.ToString(CultureInfo.InvariantCulture));
                    Cell(html, server.InFlight.ToString(CultureInfo.InvariantCulture));
                    Cell(html, server.LastProbe);
                    html.Append("</tr>\n");
                }
            }
        }

        Foot(html, rows);
    }

    private static void Routers(StringBuilder html, IReadOnlyList<RouterSettings> routers)
    {
        Head(html, "Routers", "router", "rule", "service");
        for (int i = 0; i < routers.Count && i < RowsMax; i++)
        {
            html.Append("<tr>");
            Cell(html, routers[i].Name);
            html.Append("<td><code>");
            Add(html, routers[i].RuleText).Append("</code></td>");
            Cell(html, routers[i].Service);
            html.Append("</tr>\n");
        }

        Foot(html, routers.Count);
    }

    private static void History(StringBuilder html, IReadOnlyList<KeptEntry> history)
    {
        Head(html, "History", "configuration", "time", "by", "changes");
        foreach (KeptEntry entry in history)
        {
            html.Append("<tr>");
            Cell(html, entry.Config.Hash, entry.IsInUse ? "up" : "");
            Cell(html, entry.Config.At.ToString("u", CultureInfo.InvariantCulture));
            Cell(html, entry.Config.Origin);
            Cell(html, entry.Config.Changes);
            html.Append("</tr>\n");
        }

        Foot(html, history.Count);
    }

    private static void Head(StringBuilder html, string title, params ReadOnlySpan<string> columns)
    {
        html.Append("<h2>").Append(title).Append("</h2>\n<table><tr>");
        foreach (string column in columns)
        {
            html.Append("<th>").Append(column).Append("</th>");
        }

        html.Append("</tr>\n");
    }

    private static void Foot(StringBuilder html, int rows)
    {
        html.Append("</table>\n");
        if (rows > RowsMax)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p>{rows - RowsMax} more</p>\n");
        }
    }

    private static void Row(StringBuilder html, string name, string value, string style = "")
    {
        html.Append("<tr><th>").Append(name).Append("</th>");
        Cell(html, value, style);
        html.Append("</tr>\n");
    }

    private static void Cell(StringBuilder html, string text, string style = "")
    {
        html.Append("<td class=\"").Append(style).Append("\">");
        Add(html, text).Append("</td>");
    }

    private static StringBuilder Add(StringBuilder html, string text) => html.Append(WebUtility.HtmlEncode(text));
}
