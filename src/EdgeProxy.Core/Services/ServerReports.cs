using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services.Breaking;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services;

/// <summary>Logs when a server's state changes: once per change, not per request or probe.</summary>
internal sealed partial class ServerReports(ILogger logger)
{
    /// <param name="reason">What the connection knows of it; "" for nothing.</param>
    public void ConnectFailed(Server server, FaultKind kind, string reason)
    {
        if (server.NoteFailure())
        {
            Log.Failing(
                logger, server.Service, server.Name, reason.Length > 0 ? $"{kind}: {reason}" : kind.ToString());
        }
    }

    public void ConnectWorks(Server server) => Log.Working(logger, server.Service, server.Name);

    /// <summary>Probes took it up or down; the outcome is that of the last one.</summary>
    public void Probed(Server server, bool isUp, string outcome)
    {
        if (isUp)
        {
            Log.Up(logger, server.Service, server.Name, outcome);
        }
        else
        {
            Log.Down(logger, server.Service, server.Name, outcome);
        }
    }

    public void Ejected(Server server, long forMs, string reason) =>
        Log.Ejected(logger, server.Service, server.Name, forMs, reason);

    /// <summary>A failover began to send its requests to another member.</summary>
    public void Switched(string service, string member, bool isFallback)
    {
        if (isFallback)
        {
            Log.FellBack(logger, service, member);
        }
        else
        {
            Log.CameBack(logger, service, member);
        }
    }

    /// <summary>A circuit breaker opened, began to recover, or is closed again.</summary>
    public void BreakerIs(string service, BreakerState state, string expression)
    {
        switch (state)
        {
            case BreakerState.Open:
                Log.BreakerOpened(logger, service, expression);
                break;
            case BreakerState.Recovering:
                Log.BreakerRecovers(logger, service);
                break;
            default:
                Log.BreakerClosed(logger, service);
                break;
        }
    }

    public void Returned(Server server) => Log.Returned(logger, server.Service, server.Name);

    private static partial class Log
    {
        [LoggerMessage(EventIds.ServerFailing, LogLevel.Warning,
            "service {Service}: server {Server} does not accept connections ({Reason})")]
        public static partial void Failing(ILogger logger, string service, string server, string reason);

        [LoggerMessage(EventIds.ServerWorking, LogLevel.Information,
            "service {Service}: server {Server} accepts connections again")]
        public static partial void Working(ILogger logger, string service, string server);

        [LoggerMessage(EventIds.ServerDown, LogLevel.Warning,
            "service {Service}: server {Server} is down (probe: {Outcome})")]
        public static partial void Down(ILogger logger, string service, string server, string outcome);

        [LoggerMessage(EventIds.ServerUp, LogLevel.Information,
            "service {Service}: server {Server} is up (probe: {Outcome})")]
        public static partial void Up(ILogger logger, string service, string server, string outcome);

        [LoggerMessage(EventIds.ServerEjected, LogLevel.Warning,
            "service {Service}: server {Server} is ejected for {ForMs} ms ({Reason})")]
        public static partial void Ejected(ILogger logger, string service, string server, long forMs, string reason);

        [LoggerMessage(EventIds.ServerReturned, LogLevel.Information,
            "service {Service}: server {Server} is used again after its ejection")]
        public static partial void Returned(ILogger logger, string service, string server);

        [LoggerMessage(EventIds.BreakerOpened, LogLevel.Warning,
            "service {Service}: its circuit breaker is open ({Expression})")]
        public static partial void BreakerOpened(ILogger logger, string service, string expression);

        [LoggerMessage(EventIds.BreakerRecovers, LogLevel.Information,
            "service {Service}: its circuit breaker lets some requests pass again")]
        public static partial void BreakerRecovers(ILogger logger, string service);

        [LoggerMessage(EventIds.BreakerClosed, LogLevel.Information,
            "service {Service}: its circuit breaker is closed again")]
        public static partial void BreakerClosed(ILogger logger, string service);

        [LoggerMessage(EventIds.ServiceFellBack, LogLevel.Warning,
            "service {Service}: its main service has no usable server; requests go to {Member}")]
        public static partial void FellBack(ILogger logger, string service, string member);

        [LoggerMessage(EventIds.ServiceCameBack, LogLevel.Information,
            "service {Service}: requests go to {Member} again")]
        public static partial void CameBack(ILogger logger, string service, string member);
    }
}
