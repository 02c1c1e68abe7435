using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Tasks;

namespace EdgeProxy.Control;

/// <summary>
/// The admin surface: a request in, an answer out, no socket. The engine serves it on the admin address; any loop may
/// call it. All but a reload is answered before the call returns.
/// </summary>
internal sealed class AdminApi(AdminParts parts)
{
    private const string JsonText = "application/json; charset=utf-8";
    private const string ReadMethods = "GET, HEAD";
    private const string ChangeMethods = "POST";

    // Sent as application/json with nosniff, so no browser reads it as a page: '+' and '<' may stand as they are.
    private static readonly JsonWriterOptions JsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Index = """
        EdgeProxy admin

        /livez           200 while the process runs
        /readyz          200 when traffic is taken, 503 with the reason otherwise
        /metrics         Prometheus text
        /api/v1/reload   POST: read the configuration again; answers what came of it

        """;

    public ValueTask<AdminAnswer> AnswerAsync(in AdminRequest request)
    {
        if (parts.Address() is { } bound && !AdminAuthority.IsAllowed(request.Authority, bound))
        {
            return Now(AdminAnswer.Text(403, "Host is not one of localhost, 127.0.0.1, [::1] with this port\n"));
        }

        if (request.Path.SequenceEqual("/api/v1/reload"u8))
        {
            return ReloadAsync(request);
        }

        Func<AdminAnswer>? read = Reader(request.Path);
        return Now(read switch
        {
            null => AdminAnswer.Text(404, "not found; / lists what there is\n"),
            _ when IsRead(request.Method) => read(),
            _ => NotAllowed(ReadMethods),
        });
    }

    private static ValueTask<AdminAnswer> Now(AdminAnswer answer) => ValueTask.FromResult(answer);

    private static bool IsRead(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) || method.SequenceEqual("HEAD"u8);

    private static AdminAnswer NotAllowed(string allow) =>
        AdminAnswer.Text(405, $"use {allow}\n") with { Allow = allow };

    private static AdminAnswer Livez() => AdminAnswer.Text(200, "ok\n");

    private static AdminAnswer Links() => AdminAnswer.Text(200, Index);

    private Func<AdminAnswer>? Reader(ReadOnlySpan<byte> path) => path switch
    {
        _ when path.SequenceEqual("/livez"u8) => Livez,
        _ when path.SequenceEqual("/readyz"u8) => Readyz,
        _ when path.SequenceEqual("/metrics"u8) => Metrics,
        _ when path.SequenceEqual("/"u8) => Links,
        _ => null,
    };

    private AdminAnswer Readyz() => parts.NotReady() is { } reason
        ? AdminAnswer.Text(503, reason + "\n")
        : AdminAnswer.Text(200, "ready\n");

    private AdminAnswer Metrics()
    {
        var samples = new List<MetricSample>();
        parts.CollectMetrics(samples);
        return new AdminAnswer(200, MetricsText.ContentType, Encoding.UTF8.GetBytes(MetricsText.Write(samples)));
    }

    private ValueTask<AdminAnswer> ReloadAsync(in AdminRequest request)
    {
        if (!request.Method.SequenceEqual("POST"u8))
        {
            return Now(NotAllowed(ChangeMethods));
        }

        // A form on a foreign page can POST here without a preflight; the Origin field gives it away (RFC 6454 section 7.3).
        return request.HasOrigin
            ? Now(AdminAnswer.Text(403, "changes are not taken from web pages (Origin is set)\n"))
            : RunReloadAsync();
    }

    private async ValueTask<AdminAnswer> RunReloadAsync()
    {
        ReloadOutcome outcome = await parts.ReloadAsync().ConfigureAwait(false);
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, JsonOptions))
        {
            outcome.WriteTo(json);
        }

        // 422: the request was understood, the file it speaks of cannot be used; 500: it could, and we failed to.
        int status = outcome switch
        {
            { Ok: true } => 200,
            { Faults.Count: > 0 } => 422,
            _ => 500,
        };
        return new AdminAnswer(status, JsonText, body.WrittenMemory);
    }
}
