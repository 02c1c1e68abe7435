using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services;

/// <summary>
/// Looks up the names of servers, at once when they appear and again every <see cref="IntervalSeconds"/> seconds, off
/// the
/// loops. A failed look-up keeps the last answer; a server without any answer yet is passed over.
/// </summary>
internal sealed partial class NameResolver(
    Func<string, CancellationToken, Task<IPAddress[]>> lookUp, TimeProvider time, ILogger logger)
{
    public const int IntervalSeconds = 30; // the common lower bound of DNS TTLs in practice

    private readonly HashSet<Server> _unresolved = [];
    private readonly Lock _lock = new();

    /// <summary>
    /// Resolves each server that is not a literal once. Never throws; failures are logged once per change.
    /// </summary>
    public async Task ResolveAsync(IEnumerable<Server> servers, CancellationToken cancellation)
    {
        foreach (Server server in servers)
        {
            if (!server.IsLiteral && !server.IsRetired && !cancellation.IsCancellationRequested)
            {
                await ResolveOneAsync(server, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs until cancelled; <paramref name="servers"/> is asked anew each round.</summary>
    public async Task RunAsync(Func<IReadOnlyCollection<Server>> servers, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(IntervalSeconds), time);
        try
        {
            do
            {
                await ResolveAsync(servers(), cancellation).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The proxy is going down.
        }
    }

    private async Task ResolveOneAsync(Server server, CancellationToken cancellation)
    {
        try
        {
            IPAddress[] addresses = await lookUp(server.Host, cancellation).ConfigureAwait(false);
            if (addresses.Length == 0)
            {
                NoteFailure(server, "no address");
                return;
            }

            // Keep the address in use if it is still among the answers: connections to it are warm.
            IPEndPoint? current = server.Address;
            if (current is null || Array.IndexOf(addresses, current.Address) < 0)
            {
                server.Address = new IPEndPoint(addresses[0], server.Port);
            }

            bool isBack;
            lock (_lock)
            {
                isBack = _unresolved.Remove(server);
            }

            if (isBack)
            {
                Log.Resolved(logger, server.Service, server.Name);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            NoteFailure(server, exception.Message);
        }
    }

    private void NoteFailure(Server server, string reason)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = _unresolved.Add(server); // a reload may look names up while the periodic round does
        }

        if (isNew)
        {
            Log.Unresolved(logger, server.Service, server.Name, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ServerUnresolved, LogLevel.Warning,
            "service {Service}: server {Server} has no new address ({Reason}); the last one stays")]
        public static partial void Unresolved(ILogger logger, string service, string server, string reason);

        [LoggerMessage(EventIds.ServerResolved, LogLevel.Information,
            "service {Service}: server {Server} resolves again")]
        public static partial void Resolved(ILogger logger, string service, string server);
    }
}
