using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Host.Commands;

/// <summary><c>routes</c>: the routers of each entrypoint in the order in which they come into question.</summary>
internal static class RoutesCommand
{
    private static readonly string[] Columns = ["ROUTER", "PRIORITY", "SERVICE", "SERVERS", "RULE"];

    public static int Run(Shell shell, string? configPath, AnswerFormat format)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (loaded.Settings is not { } settings)
        {
            return ValidateCommand.Refuse(shell, loaded);
        }

        if (format == AnswerFormat.Json)
        {
            WriteJson(shell, settings);
        }
        else
        {
            WriteText(shell, settings);
        }

        return ExitCodes.Ok;
    }

    private static void WriteText(Shell shell, ProxySettings settings)
    {
        foreach (EntryPointSettings entryPoint in settings.EntryPoints)
        {
            var rows = new List<string[]> { Columns };
            foreach (RouterSettings router in new RouteExplainer(settings, entryPoint).InOrder())
            {
                string priority = router.Priority?.ToString(CultureInfo.InvariantCulture) ?? "-";
                rows.Add([router.Name, priority, router.Service, Servers(settings, router.Service), router.RuleText]);
            }

            shell.Output.WriteLine($"{entryPoint.Name} {entryPoint.Address}");
            WriteTable(shell, rows);
            shell.Output.WriteLine();
        }
    }

    private static void WriteTable(Shell shell, List<string[]> rows)
    {
        int[] widths = new int[Columns.Length];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        foreach (string[] row in rows)
        {
            string line = "";
            for (int i = 0; i < row.Length; i++)
            {
                line += "  " + row[i].PadRight(widths[i]);
            }

            shell.Output.WriteLine(line.TrimEnd());
        }
    }

    private static string Servers(ProxySettings settings, string service)
    {
        var servers = new List<string>();
        AddServers(settings, service, servers);
        return string.Join(',', servers);
    }

    // Those of a composed service are its members'; a loaded configuration has no circles.
    private static void AddServers(ProxySettings settings, string service, List<string> servers)
    {
        foreach (ServiceSettings candidate in settings.Services)
        {
            foreach (ServerSettings server in candidate.Name == service ? candidate.Servers : [])
            {
                if (!servers.Contains(Address(server)))
                {
                    servers.Add(Address(server));
                }
            }
        }

        foreach (ComposedSettings candidate in settings.Composed)
        {
            foreach (MemberSettings member in
                candidate.Name == service ? candidate.Members : Sequence<MemberSettings>.Empty)
            {
                AddServers(settings, member.Name, servers);
            }
        }
    }

    private static string Address(ServerSettings server) => server.IsUnix ? server.Host
        : server.Host.Contains(':', StringComparison.Ordinal) ? $"[{server.Host}]:{server.Port}"
        : $"{server.Host}:{server.Port}";

    private static void WriteJson(Shell shell, ProxySettings settings) => JsonAnswer.Write(shell.Output, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("entrypoints"u8);
        foreach (EntryPointSettings entryPoint in settings.EntryPoints)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, entryPoint.Name);
            json.WriteString("address"u8, entryPoint.Address.ToString());
            json.WriteStartArray("routers"u8);
            foreach (RouterSettings router in new RouteExplainer(settings, entryPoint).InOrder())
            {
                WriteRouter(json, settings, router);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteRouter(Utf8JsonWriter json, ProxySettings settings, RouterSettings router)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, router.Name);
        json.WriteString("rule"u8, router.RuleText);
        if (router.Priority is { } priority)
        {
            json.WriteNumber("priority"u8, priority);
        }

        json.WriteString("service"u8, router.Service);
        json.WriteStartArray("servers"u8);
        foreach (string server in Servers(settings, router.Service).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            json.WriteStringValue(server);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
