using System;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Host.Demo;
using EdgeProxy.Host.Logging;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>demo</c>: the proxy at work, with nothing to prepare: its own configuration, servers and traffic.
/// </summary>
internal static class DemoCommand
{
    /// <summary>How long a demo lasts when nobody sits in front of it to end it.</summary>
    public static readonly TimeSpan DurationDefault = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(Shell shell, TimeSpan? duration)
    {
        using StderrLog log = StderrLog.Open(shell);
        TimeSpan lasting = duration ?? (shell.OutputIsTerminal ? Timeout.InfiniteTimeSpan : DurationDefault);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-demo-");
        try
        {
            // Its signatures are OpenSSL's.
            string audit = OpenSsl.Problem is null ? Path.Combine(folder.FullName, "audit") : "";
            int code = await RunAsync(shell, log, lasting, folder.FullName, audit).ConfigureAwait(false);
            return code == ExitCodes.Ok && audit.Length > 0
                ? await VerifyAsync(shell, audit).ConfigureAwait(false)
                : code;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // What the demo did is in a chain that anybody can check who has the public key.
    private static async Task<int> VerifyAsync(Shell shell, string folder)
    {
        shell.Output.WriteLine();
        shell.Output.WriteLine("Each call of a model, let through or not, is a signed record. edgeproxy audit verify:");
        return await AuditVerifyCommand.RunAsync(
            shell, null, new AuditVerifyArguments { Folder = folder }, AnswerFormat.Text).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(
        Shell shell, StderrLog log, TimeSpan duration, string folder, string auditFolder)
    {
        RouteExplainer? routes = null;
        var report = new DemoReport(
            shell.Output, (method, host, target, fields) => RouterOf(routes, method, host, target, fields));
        await using var blue = new DemoUpstream("blue", shell.Time, report.Visited);
        await using var green = new DemoUpstream("green", shell.Time, report.Visited);
        string text = DemoConfiguration.Write(blue.Address, green.Address, folder, auditFolder);
        var source = ConfigSource.OfText(text, "demo.toml", ConfigEnvironment.OfProcess);
        await using var host = new ProxyHost(shell, log, source);
        using var ended = new CancellationTokenSource();
        ReloadOutcome outcome = host.Start();
        if (!outcome.Ok)
        {
            return ExitCodes.Of(outcome);
        }

        using var signals = new Signals(static () => { }, () => End(host, ended), static () => { });
        host.AnnounceReady();
        ProxySettings settings = host.Settings!;
        routes = new RouteExplainer(settings, settings.EntryPoints[0]);
        IPEndPoint entryPoint = settings.EntryPoints[0].Address;
        Greet(shell.Output, entryPoint, settings.Admin.Address!);
        report.Header();
        ended.CancelAfter(duration);
        await new DemoTraffic(entryPoint, shell.Time, report).RunAsync(ended.Token).ConfigureAwait(false);
        host.Stop();
        int code = await host.ServeAsync().ConfigureAwait(false);
        report.Summary();
        return report.Unexpected > 0 ? ExitCodes.Failed : code;
    }

    private static string RouterOf(RouteExplainer? routes, string method, string host, string target, string fields)
    {
        _ = IpAddress.TryParse("127.0.0.1"u8, out IpAddress client);
        var request = new ExplainedRequest(method, host, target, fields, client);
        return routes?.Explain(request).Winner?.Name ?? "-";
    }

    private static void End(ProxyHost host, CancellationTokenSource ended)
    {
        if (ended.IsCancellationRequested)
        {
            host.Stop(); // a second Ctrl-C: the drain is cut short
        }

        ended.Cancel();
    }

    private const string GuestField = DemoConfiguration.KeyField + ": " + DemoConfiguration.GuestKey;

    private const string Chat = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

    private static void Greet(TextWriter output, IPEndPoint entryPoint, IPEndPoint admin)
    {
        output.WriteLine($"""
            EdgeProxy listens on http://{entryPoint} and forwards to two servers of its own, blue and green. Try:

              curl http://{entryPoint}/hello                              either server, in turn
              curl -d 'some text' http://{entryPoint}/hello/echo          a body, echoed
              curl -N http://{entryPoint}/events                          server-sent events, one by one
              curl -H 'Host: shop.localhost' http://{entryPoint}/         routed by host
              curl -d '{Chat}' http://{entryPoint}/v1/chat/completions    a model
                with -H '{GuestField}'                  a guest, over its plan: 429
                or with a card's number in it, an address, or AKIAIOSFODNN7EXAMPLE: masked, masked, 403
              curl http://{admin}/readyz                             health; /metrics and / are there too

            """);
    }
}
