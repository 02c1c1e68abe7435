using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Faults;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Services;

/// <summary>Logs when a server stops or starts to accept connections: once per change, not per request.</summary>
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

    private static partial class Log
    {
        [LoggerMessage(EventIds.ServerFailing, LogLevel.Warning,
            "service {Service}: server {Server} does not accept connections ({Kind})")]
        public static partial void Failing(ILogger logger, string service, string server, FaultKind kind);

        [LoggerMessage(EventIds.ServerWorking, LogLevel.Information,
            "service {Service}: server {Server} accepts connections again")]
        public static partial void Working(ILogger logger, string service, string server);
    }
}
