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

    public EntryPoint EntryPoint { get; } = entryPoint;

    public ConnectionList Connections { get; } = connections;

    public Shard Shard { get; } = shard;

    public RequestPipeline Pipeline { get; } = pipeline;

    public StreamExchange Rent() =>
        _spares.TryPop(out StreamExchange? exchange) ? exchange : new StreamExchange(this);

    public void Return(StreamExchange exchange)
    {
        if (_spares.Count < SparesMax)
        {
            _spares.Push(exchange);
        }
    }
}
