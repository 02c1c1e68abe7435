using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;

namespace EdgeProxy.Host.Demo;

/// <summary>
/// Prints the demo's exchanges, one line each, and counts them. Called by the traffic and by the demo's servers.
/// </summary>
/// <param name="routerOf">The router that takes a request: method, host, target, header fields.</param>
internal sealed class DemoReport(TextWriter output, Func<string, string, string, string, string> routerOf)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _perServer = new(StringComparer.Ordinal);
    private int _count;
    private int _unexpected;

    /// <summary>Exchanges of ours that were not answered as they should have been.</summary>
    public int Unexpected => Volatile.Read(ref _unexpected);

    public void Header() => Line("method", "path", "router", "server", "status", "ms", "");

    public void Sent(DemoRequest request, RawAnswer? answer, string? reason, TimeSpan elapsed)
    {
        bool isExpected = answer?.Status == request.Expected;
        string server = answer?.Field("X-Demo-Server") ?? "-";
        string router = routerOf(request.Method, request.Host ?? "127.0.0.1", request.Path, request.Fields);
        lock (_lock)
        {
            _count++;
            _unexpected += isExpected ? 0 : 1;
            _perServer[server] = _perServer.GetValueOrDefault(server) + 1;
        }

        Line(
            request.Method,
            request.Path,
            router,
            server,
            answer is null ? $"none ({reason})" : answer.Status.ToString(CultureInfo.InvariantCulture),
            elapsed.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture),
            isExpected ? request.What : $"expected {request.Expected}");
        if (request.ShowsPrompt && answer is not null && DemoModel.ToldIn(answer.Body) is { } told)
        {
            Text($"        sent:        {DemoTraffic.Private}");
            Text($"        model heard: {told}");
        }
    }

    /// <summary>A request somebody else sent through the proxy; how long it took is known to them alone.</summary>
    public void Visited(DemoVisit visit)
    {
        if (!visit.IsOurs)
        {
            string router = routerOf(visit.Method, visit.Authority, visit.Target, "");
            Line(visit.Method, visit.Target, router, visit.Server,
                visit.Status.ToString(CultureInfo.InvariantCulture), "yours", "");
        }
    }

    public void Summary()
    {
        lock (_lock)
        {
            output.WriteLine();
            output.Write($"{_count} exchanges, {_count - _unexpected} as expected");
            foreach ((string server, int count) in _perServer)
            {
                output.Write(server == "-" ? $"; no server {count}" : $"; {server} {count}");
            }

            output.WriteLine();
            output.Flush();
        }
    }

    private void Text(string line)
    {
        lock (_lock)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    private void Line(string method, string path, string router, string server, string status, string ms, string what)
    {
        lock (_lock)
        {
            output.WriteLine($"{method,-7} {path,-21} {router,-8} {server,-7} {status,-6} {ms,7}  {what}".TrimEnd());
            output.Flush();
        }
    }
}
