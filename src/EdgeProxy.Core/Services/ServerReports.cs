using System;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services.Breaking;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services;

/// <summary>Logs when a server's state changes: once per change, not per request or probe.</summary>
internal sealed class ServerReports(ILogger logger)
{
    /// <param name="reason">What the connection knows of it; "" for nothing.</param>
    public void ConnectFailed(Server server, FaultKind kind, string reason)
    {
        if (server.NoteFailure())
        {
            Log.Failing(
                logger, server.Service, server.Name, reason.Length > 0 ? $"{kind}: {reason}" : kind.ToString(), null);
        }
    }

    public void ConnectWorks(Server server) => Log.Working(logger, server.Service, server.Name, null);

    /// <summary>Probes took it up or down; the outcome is that of the last one.</summary>
    public void Probed(Server server, bool isUp, string outcome)
    {
        if (isUp)
        {
            Log.Up(logger, server.Service, server.Name, outcome, null);
        }
        else
        {
            Log.Down(logger, server.Service, server.Name, outcome, null);
        }
    }

    public void Ejected(Server server, long forMs, string reason) =>
        Log.Ejected(logger, server.Service, server.Name, forMs, reason, null);

    /// <summary>A failover began to send its requests to another member.</summary>
    public void Switched(string service, string member, bool isFallback)
    {
        if (isFallback)
        {
            Log.FellBack(logger, service, member, null);
        }
        else
        {
            Log.CameBack(logger, service, member, null);
        }
    }

    /// <summary>A circuit breaker opened, began to recover, or is closed again.</summary>
    public void BreakerIs(string service, BreakerState state, string expression)
    {
        switch (state)
        {
            case BreakerState.Open:
                Log.BreakerOpened(logger, service, expression, null);
                break;
            case BreakerState.Recovering:
                Log.BreakerRecovers(logger, service, null);
                break;
            default:
                Log.BreakerClosed(logger, service, null);
                break;
        }
    }

    public void Returned(Server server) => Log.Returned(logger, server.Service, server.Name, null);

    private static class Log
    {
        public static readonly Action<ILogger, string, string, string, Exception?> Failing =
            LoggerMessage.Define<string, string, string>(LogLevel.Warning, EventIds.ServerFailing,
                "service {Service}: server {Server} does not accept connections ({Reason})");

        public static readonly Action<ILogger, string, string, Exception?> Working =
            LoggerMessage.Define<string, string>(LogLevel.Information, EventIds.ServerWorking,
                "service {Service}: server {Server} accepts connections again");

        public static readonly Action<ILogger, string, string, string, Exception?> Down =
            LoggerMessage.Define<string, string, string>(LogLevel.Warning, EventIds.ServerDown,
                "service {Service}: server {Server} is down (probe: {Outcome})");

        public static readonly Action<ILogger, string, string, string, Exception?> Up =
            LoggerMessage.Define<string, string, string>(LogLevel.Information, EventIds.ServerUp,
                "service {Service}: server {Server} is up (probe: {Outcome})");

        public static readonly Action<ILogger, string, string, long, string, Exception?> Ejected =
            LoggerMessage.Define<string, string, long, string>(LogLevel.Warning, EventIds.ServerEjected,
                "service {Service}: server {Server} is ejected for {ForMs} ms ({Reason})");

        public static readonly Action<ILogger, string, string, Exception?> Returned =
            LoggerMessage.Define<string, string>(LogLevel.Information, EventIds.ServerReturned,
                "service {Service}: server {Server} is used again after its ejection");

        public static readonly Action<ILogger, string, string, Exception?> BreakerOpened =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.BreakerOpened,
                "service {Service}: its circuit breaker is open ({Expression})");

        public static readonly Action<ILogger, string, Exception?> BreakerRecovers =
            LoggerMessage.Define<string>(LogLevel.Information, EventIds.BreakerRecovers,
                "service {Service}: its circuit breaker lets some requests pass again");

        public static readonly Action<ILogger, string, Exception?> BreakerClosed =
            LoggerMessage.Define<string>(LogLevel.Information, EventIds.BreakerClosed,
                "service {Service}: its circuit breaker is closed again");

        public static readonly Action<ILogger, string, string, Exception?> FellBack =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.ServiceFellBack,
                "service {Service}: its main service has no usable server; requests go to {Member}");

        public static readonly Action<ILogger, string, string, Exception?> CameBack =
            LoggerMessage.Define<string, string>(LogLevel.Information, EventIds.ServiceCameBack,
                "service {Service}: requests go to {Member} again");
    }
}
