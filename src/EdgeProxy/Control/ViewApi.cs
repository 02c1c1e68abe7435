using System;
using System.Collections.Generic;
using System.Net;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Config.Effective;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Halting;

namespace EdgeProxy.Control;

/// <summary>
/// What there is: /api/v1/overview, entrypoints, routers, middlewares, certificates, config, openapi.json. GET only,
/// off the loops: ten thousand routers are megabytes.
/// </summary>
internal sealed class ViewApi(AdminParts parts)
{
    private const string Prefix = "/api/v1/";

    public static bool Has(string path) => path is Prefix + "overview" or Prefix + "entrypoints" or Prefix + "routers"
        or Prefix + "middlewares" or Prefix + "certificates" or Prefix + "config" or Prefix + "openapi.json";

    public ValueTask<LocalAnswer> AnswerAsync(string path) => path == Prefix + "openapi.json"
        ? ValueTask.FromResult(new LocalAnswer(200, AdminAnswer.JsonText, OpenApiDocument.Text))
        : new ValueTask<LocalAnswer>(Task.Run(() => Answer(path)));

    /// <summary>The page of the index, for browsers.</summary>
    public LocalAnswer Page() => new(
        200, "text/html; charset=utf-8",
        OverviewPage.Write(parts.Settings(), parts.Engine(), parts.Services(), parts.NotReady(), parts.History()));

    private LocalAnswer Answer(string path)
    {
        if (parts.Settings() is not { } settings)
        {
            return AdminAnswer.Text(503, "there is no configuration yet\n");
        }

        return AdminAnswer.Json(json =>
        {
            switch (path[Prefix.Length..])
            {
                case "overview":
                    Overview(json, settings);
                    break;
                case "entrypoints":
                    EntryPoints(json, settings);
                    break;
                case "routers":
                    Routers(json, settings);
                    break;
                case "middlewares":
                    Middlewares(json, settings);
                    break;
                case "certificates":
                    Certificates(json, settings);
                    break;
                default:
                    Config(json, settings);
                    break;
            }
        });
    }

    private void Overview(Utf8JsonWriter json, ProxySettings settings)
    {
        EngineStatus engine = parts.Engine();
        string? notReady = parts.NotReady();
        json.WriteStartObject();
        json.WriteString("version", engine.Version);
        json.WriteString("commit", engine.Commit);
        json.WriteString("node", settings.Node.Name);
        json.WriteString("environment", settings.Node.Environment);
        json.WriteString("started", engine.StartedAt.UtcDateTime);
        json.WriteBoolean("ready", notReady is null);
        json.WriteString("not_ready", notReady ?? "");
        json.WriteString("config", settings.Hash);
        json.WriteString("rolled_back_from", engine.RolledBackFrom);
        json.WriteNumber("entrypoints", settings.EntryPoints.Count);
        json.WriteNumber("routers", settings.Routers.Count);
        json.WriteNumber("middlewares", settings.Middlewares.Count);
        json.WriteNumber("services", settings.ServiceCount);
        IReadOnlyList<ServiceStatus> services = parts.Services();
        json.WriteNumber("servers", CountOf(services, isUpOnly: false));
        json.WriteNumber("servers_up", CountOf(services, isUpOnly: true));
        json.WriteNumber("connections", engine.ConnectionsOpen);
        json.WriteNumber("in_flight", engine.ExchangesInFlight);
        json.WriteNumber("loops_stalled", engine.LoopsStalled);
        json.WriteNumber("halts", parts.Halts().Targets.Count);
        json.WriteEndObject();
    }

    private void EntryPoints(Utf8JsonWriter json, ProxySettings settings)
    {
        EngineStatus engine = parts.Engine();
        json.WriteStartArray();
        foreach (EntryPointSettings entryPoint in settings.EntryPoints)
        {
            json.WriteStartObject();
            json.WriteString("name", entryPoint.Name);
            json.WriteString("address", entryPoint.Address.ToString());
            json.WriteString(
                "bound", engine.Bound.TryGetValue(entryPoint.Name, out IPEndPoint? bound) ? bound.ToString() : "");
            json.WriteBoolean("tls", entryPoint.Tls is not null);
            json.WriteBoolean("h2c", entryPoint.AcceptsH2c);
            WriteRouters(json, settings, router => Has(router.EntryPoints, entryPoint.Name));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Routers(Utf8JsonWriter json, ProxySettings settings)
    {
        HaltSet halts = parts.Halts();
        json.WriteStartArray();
        foreach (RouterSettings router in settings.Routers)
        {
            json.WriteStartObject();
            json.WriteString("name", router.Name);
            json.WriteString("rule", router.RuleText);
            if (router.Priority is { } priority)
            {
                json.WriteNumber("priority", priority);
            }
            else
            {
                json.WriteNull("priority");
            }

            WriteNames(json, "entrypoints", router.EntryPoints);
            WriteNames(json, "middlewares", router.Middlewares);
            json.WriteString("service", router.Service);
            json.WriteBoolean("audited", router.Audit != AuditScope.None);
            json.WriteBoolean("halted", IsHalted(halts, router.Name));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // The kind is the first part of the keys: [middlewares.NAME.KIND].
    private void Middlewares(Utf8JsonWriter json, ProxySettings settings)
    {
        const string Unit = "middleware ";
        var kinds = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (EffectiveValue value in EffectiveConfig.Of(settings.Written, parts.Environment))
        {
            if (value.Unit.StartsWith(Unit, StringComparison.Ordinal))
            {
                kinds.TryAdd(value.Unit[Unit.Length..], value.Key.Split('.')[0]);
            }
        }

        json.WriteStartArray();
        foreach (MiddlewareSettings middleware in settings.Middlewares)
        {
            json.WriteStartObject();
            json.WriteString("name", middleware.Name);
            json.WriteString("kind", kinds.GetValueOrDefault(middleware.Name, ""));
            WriteRouters(json, settings, router => Has(router.Middlewares, middleware.Name));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Certificates(Utf8JsonWriter json, ProxySettings settings)
    {
        json.WriteStartArray();
        foreach (CertificateStatus certificate in CertificateStatus.Of(settings))
        {
            certificate.WriteTo(json);
        }

        json.WriteEndArray();
    }

    private void Config(Utf8JsonWriter json, ProxySettings settings)
    {
        json.WriteStartObject();
        json.WriteString("hash", settings.Hash);
        WriteNames(json, "files", settings.Files);
        json.WriteStartArray("values");
        foreach (EffectiveValue value in EffectiveConfig.Of(settings.Written, parts.Environment))
        {
            json.WriteStartObject();
            json.WriteString("unit", value.Unit);
            json.WriteString("key", value.Key);
            json.WriteString("value", value.Value);
            json.WriteString("origin", value.Origin);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int CountOf(IReadOnlyList<ServiceStatus> services, bool isUpOnly)
    {
        int count = 0;
        foreach (ServiceStatus service in services)
        {
            foreach (ServerStatus server in service.Servers)
            {
                count += server.IsUp || !isUpOnly ? 1 : 0;
            }
        }

        return count;
    }

    private static bool IsHalted(HaltSet halts, string router)
    {
        foreach (HaltTarget target in halts.Targets)
        {
            if (target.Kind == HaltKind.All || (target.Kind == HaltKind.Router && target.Name == router))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Has(IReadOnlyList<string> names, string name)
    {
        foreach (string one in names)
        {
            if (one == name)
            {
                return true;
            }
        }

        return false;
    }

    private static void WriteRouters(Utf8JsonWriter json, ProxySettings settings, Predicate<RouterSettings> isOne)
    {
        var names = new List<string>();
        foreach (RouterSettings router in settings.Routers)
        {
            if (isOne(router))
            {
                names.Add(router.Name);
            }
        }

        WriteNames(json, "routers", names);
    }

    private static void WriteNames(Utf8JsonWriter json, string key, IReadOnlyList<string> names)
    {
        json.WriteStartArray(key);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
