using System;
using System.Text;
using System.Threading;

namespace EdgeProxy.Pipeline;

/// <summary>What version a server tells of itself, if the configuration says in which field: once per change.</summary>
internal static class VersionNotes
{
    /// <summary>An answer's head is there.</summary>
    public static void Look(Exchange exchange)
    {
        if (exchange.Snapshot.Telemetry.VersionHeader is { } name
            && exchange.Server is { } server
            && exchange.Response.TryFind(name.Written, exchange.ResponseHeadBytes, out ReadOnlySpan<byte> value)
            && server.Version.IsChanged(value, exchange.Shard.Loop.NowMs)
            && exchange.Shard.Versions is { } watch)
        {
            // Once per deployment: the loop does not wait for the watch's lock, nor for who hears of it.
            ThreadPool.UnsafeQueueUserWorkItem(
                static seen => seen.Watch.Saw(seen.Server.Service, seen.Server.Name, seen.Version),
                (Watch: watch, Server: server, Version: Encoding.ASCII.GetString(value)),
                preferLocal: false);
        }
    }
}
