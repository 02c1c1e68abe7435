using System;
using System.Collections.Generic;
using EdgeProxy.Pipeline;

namespace EdgeProxy.EntryPoints;

/// <summary>What the HTTP/2 connections of one entrypoint share on one loop.</summary>
internal sealed class Http2Lane(
    EntryPoint entryPoint, ConnectionList connections, Shard shard, RequestPipeline pipeline)
{
    // About 200 bytes each.
    private const int SparesMax = 1024;

    private readonly Stack<StreamExchange> _spares = new();
    private int _rented;

    public EntryPoint EntryPoint { get; } = entryPoint;

    public ConnectionList Connections { get; } = connections;

    public Shard Shard { get; } = shard;

    public RequestPipeline Pipeline { get; } = pipeline;

    /// <summary>
    /// There is room for another exchange. One on a stream takes what one on a connection of its own does, so
    /// connections_max bounds them, too: each loop has its share, and that is enough for one connection.
    /// </summary>
    public bool HasRoom
    {
        get
        {
            EntryPointSettings settings = EntryPoint.Settings;
            return _rented < Math.Max(settings.StreamsMax, settings.ConnectionsMax / EntryPoint.LoopCount);
        }
    }

    public StreamExchange Rent()
    {
        _rented++;
        return _spares.TryPop(out StreamExchange? exchange) ? exchange : new StreamExchange(this);
    }

    public void Return(StreamExchange exchange)
    {
        _rented--;
        if (_spares.Count < SparesMax)
        {
            _spares.Push(exchange);
        }
    }
}
