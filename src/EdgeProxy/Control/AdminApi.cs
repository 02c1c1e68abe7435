using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Halting;

namespace EdgeProxy.Control;

/// <summary>
/// The admin surface: a request in, an answer out, no socket. The engine serves it on the admin address; any loop may
/// call it. All but reloads and metrics are answered before the call returns.
/// </summary>
internal sealed class AdminApi(AdminParts parts) : ILocalService
{
    private const string ReadMethods = "GET, HEAD";
    private const string ChangeMethods = "POST";
    private const int BodiesMax = 4; // of the longest

    private static readonly AdminSettings s_standard = new();
    private static readonly string s_security = $"Content-Security-Policy: {OverviewPage.Policy}\r\n"
        + "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\nX-Frame-Options: DENY\r\n";

    private const string Index = """
        EdgeProxy admin

        /livez           200 while the process runs
        /readyz          200 when traffic is taken, 503 with the reason otherwise
        /metrics         Prometheus text, or OpenMetrics if asked for
        /api/v1/overview the node at a glance
        /api/v1/entrypoints, routers, middlewares, certificates: what the configuration in use has
        /api/v1/services services and servers, with their health
        /api/v1/config   every value of it and where that comes from; secrets are masked
        /api/v1/openapi.json  all of this in OpenAPI 3.1
        /api/v1/audit    how far the audit chain is, and whether it can be written
        /api/v1/audit/erase  POST ?consumer=NAME or ?anonymous, &before=TIME, or ?request=ID: overwrites bodies
        /api/v1/halts    what is halted
        /api/v1/halt     POST ?all, ?router=NAME, ?consumer=NAME, ?model=NAME: no more of it, within a second
        /api/v1/release  POST, the same: ends a halt
        /api/v1/deployments  what was deployed; POST: marks one (own JSON, CDEvents, GitHub, GitLab; ?service=NAME)
        /api/v1/tail     POST ?viewer=NAME, filters: requests since the same viewer asked last, a JSON line each
        /api/v1/reload   POST: read the configuration again; answers what came of it
        /api/v1/history  the last configurations that were in use
        /api/v1/plan     POST {"files":[{"path":...,"text":...}]}: what they would change; changes nothing
        /api/v1/rollback POST ?hash=HASH, or nothing for the one before: puts it in use until the file changes

        """;

    public BodyBudget Bodies { get; } = new() { BytesMax = BodiesMax * ConfigApi.BodyBytesMax };

    public LocalAnswer? TurnAway(LocalRequest request) =>
        Gate(request) is { } refusal ? Sealed(refusal) : null;

    public int BodyBytesMaxOf(string path) => ConfigApi.Has(path) ? ConfigApi.BodyBytesMax : 64 * 1024;

    public ValueTask<LocalAnswer> AnswerAsync(LocalRequest request)
    {
        ValueTask<LocalAnswer> answer = Gate(request) is { } refusal ? Now(refusal)
            : AdminActions.Has(request) ? AdminActions.RecordAsync(request, RouteAsync(request), parts)
            : RouteAsync(request);
        return answer.IsCompletedSuccessfully ? Now(Sealed(answer.Result)) : SealAsync(answer);
    }

    private LocalAnswer? Gate(LocalRequest request) =>
        AdminGate.RefusalOf(request, parts.Address(), parts.Settings()?.Admin ?? s_standard);

    // Whatever it is: a browser runs nothing of it, frames it nowhere, tells nobody where it came from.
    private static LocalAnswer Sealed(LocalAnswer answer) => answer with { Fields = answer.Fields + s_security };

    private static async ValueTask<LocalAnswer> SealAsync(ValueTask<LocalAnswer> answer) =>
        Sealed(await answer.ConfigureAwait(false));

    private ValueTask<LocalAnswer> RouteAsync(LocalRequest request)
    {
        if (request.Path == "/api/v1/reload")
        {
            return ReloadAsync(request);
        }

        if (ViewApi.Has(request.Path))
        {
            return RefusalOf(request, isChange: false) is { } not
                ? Now(not)
                : new ViewApi(parts).AnswerAsync(request.Path);
        }

        if (request.Path == "/" && IsBrowser(request) && RefusalOf(request, isChange: false) is null)
        {
            return new ValueTask<LocalAnswer>(Task.Run(new ViewApi(parts).Page));
        }

        if (ConfigApi.Has(request.Path))
        {
            return RefusalOf(request, ConfigApi.IsChange(request.Path)) is { } refusal
                ? Now(refusal)
                : ConfigApi.AnswerAsync(request, parts);
        }

        if (request is { Path: "/api/v1/deployments", Method: ChangeMethods })
        {
            return Now(MarkDeployment(request));
        }

        if (request.Path == "/api/v1/tail")
        {
            return Now(RefusalOf(request) ?? TailApi.Answer(request.Query, parts.Tail()));
        }

        if (request is { Path: "/metrics", Method: "GET" or "HEAD" })
        {
            // A thousand routers are megabytes of text: not the loop's time.
            return new ValueTask<LocalAnswer>(Task.Run(() => Metrics(MetricsText.FormFor(request.Accept))));
        }

        if (request.Path is "/api/v1/halt" or "/api/v1/release" or EraseApi.Path)
        {
            return ChangeAsync(request);
        }

        Func<LocalAnswer>? read = request.Path switch
        {
            "/livez" => static () => Text(200, "ok\n"),
            "/readyz" => Readyz,
            "/metrics" => static () => NotAllowed(ReadMethods),
            "/api/v1/services" => Services,
            "/api/v1/audit" => Audit,
            "/api/v1/halts" => () => Json(json => HaltApi.WriteTo(json, parts.Halts())),
            "/api/v1/deployments" => () =>
                new LocalAnswer(200, AdminAnswer.JsonText, DeploymentsApi.Write(parts.Deployments.All, parts.EffectOf)),
            "/" => static () => Text(200, Index),
            _ => null,
        };
        return Now(read switch
        {
            null => Text(404, "not found; / lists what there is\n"),
            _ when request.Method is "GET" or "HEAD" => read(),
            _ => NotAllowed(ReadMethods),
        });
    }

    private static bool IsBrowser(LocalRequest request) =>
        request.Accept.Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static ValueTask<LocalAnswer> Now(LocalAnswer answer) => ValueTask.FromResult(answer);

    private static LocalAnswer Text(int status, string text) => AdminAnswer.Text(status, text);

    private static LocalAnswer NotAllowed(string allow) => Text(405, $"use {allow}\n") with { Allow = allow };

    private LocalAnswer Readyz() => parts.NotReady() is { } reason ? Text(503, reason + "\n") : Text(200, "ready\n");

    private LocalAnswer Metrics(MetricsForm form)
    {
        var samples = new List<MetricSample>();
        parts.CollectMetrics(samples);
        return new LocalAnswer(
            200, MetricsText.ContentType(form), MetricsText.Write(samples, parts.Durations(), form));
    }

    private LocalAnswer MarkDeployment(LocalRequest request)
    {
        if (request.HasOrigin)
        {
            return Text(403, "changes are not taken from web pages (Origin is set)\n");
        }

        return parts.MarkDeployment(request.Body, DeploymentsApi.ServiceOf(request.Query)) switch
        {
            null => Text(201, "marked\n"),
            "" => Text(202, "nothing to mark\n"),
            var why => Text(422, why + "\n"),
        };
    }

    private LocalAnswer Services() => Json(json =>
    {
        json.WriteStartArray();
        foreach (ServiceStatus service in parts.Services())
        {
            service.WriteTo(json);
        }

        json.WriteEndArray();
    });

    private LocalAnswer Audit() => parts.Audit() is { } report
        ? Json(report.WriteTo)
        : Text(404, "there is no audit chain: the configuration has no [audit]\n");

    private static LocalAnswer Json(Action<Utf8JsonWriter> write, int status = 200) => AdminAnswer.Json(write, status);

    private ValueTask<LocalAnswer> ChangeAsync(LocalRequest request)
    {
        if (RefusalOf(request) is { } refusal)
        {
            return Now(refusal);
        }

        if (request.Path == EraseApi.Path)
        {
            return EraseApi.AnswerAsync(request, parts);
        }

        bool isHalt = request.Path == "/api/v1/halt";
        return HaltApi.Parse(request.Query) is { } target
            ? RunHaltAsync(target, isHalt)
            : Now(Text(400, "write ?all, ?router=NAME, ?consumer=NAME or ?model=NAME\n"));
    }

    private async ValueTask<LocalAnswer> RunHaltAsync(HaltTarget target, bool isHalt)
    {
        HaltOutcome outcome = await parts.HaltAsync(target, isHalt).ConfigureAwait(false);
        return Text(outcome.Status, outcome.Text + "\n");
    }

    private static LocalAnswer? RefusalOf(LocalRequest request, bool isChange) =>
        isChange ? RefusalOf(request)
        : request.Method is "GET" or "HEAD" ? null
        : NotAllowed(ReadMethods);

    private static LocalAnswer? RefusalOf(LocalRequest request) =>
        request.Method != ChangeMethods ? NotAllowed(ChangeMethods)
        // A form on a foreign page can POST here without a preflight; Origin gives it away (RFC 6454 section 7.3).
        : request.HasOrigin ? Text(403, "changes are not taken from web pages (Origin is set)\n")
        : null;

    private ValueTask<LocalAnswer> ReloadAsync(LocalRequest request) =>
        RefusalOf(request) is { } refusal ? Now(refusal) : RunReloadAsync();

    private async ValueTask<LocalAnswer> RunReloadAsync()
    {
        ReloadOutcome outcome = await parts.ReloadAsync().ConfigureAwait(false);
        return Json(outcome.WriteTo, AdminAnswer.StatusOf(outcome));
    }
}
