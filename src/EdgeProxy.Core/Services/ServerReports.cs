using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Faults;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services;

/// <summary>Logs when a server's state changes: once per change, not per request or probe.</summary>
internal sealed partial class ServerReports(ILogger logger)
{
    public void ConnectFailed(Server server, FaultKind kind)
    {
        if (server.NoteFailure())
        {
            Log.Failing(logger, server.Service, server.Name, kind);
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

    public void Returned(Server server) => Log.Returned(logger, server.Service, server.Name);

    private static partial class Log
    {
        [LoggerMessage(EventIds.ServerFailing, LogLevel.Warning,
            "service {Service}: server {Server} does not accept connections ({Kind})")]
        public static partial void Failing(ILogger logger, string service, string server, FaultKind kind);

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

        [LoggerMessage(EventIds.ServiceFellBack, LogLevel.Warning,
            "service {Service}: its main service has no usable server; requests go to {Member}")]
        public static partial void FellBack(ILogger logger, string service, string member);

        [LoggerMessage(EventIds.ServiceCameBack, LogLevel.Information,
            "service {Service}: requests go to {Member} again")]
        public static partial void CameBack(ILogger logger, string service, string member);
    }
}
