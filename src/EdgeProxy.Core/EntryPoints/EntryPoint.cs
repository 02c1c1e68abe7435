using System.Net;
using System.Threading;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// An address connections are accepted on. Owns its listening socket and the list of its connections per loop; lives
/// from the
/// configuration that names it first to the one that does not any more, through changes of its limits.
/// </summary>
internal sealed class EntryPoint : IAcceptOwner, IEntry
{
    private readonly Shard[] _shards;
    private readonly RequestPipeline _pipeline;
    private readonly ConnectionList[] _connections;
    private readonly Http2Lane?[] _lanes;
    private EntryPointSettings _settings;
    private ClientTerms _terms;
    private TlsServerContext? _tls;
    private ListenSocket? _socket;
    private Snapshot? _frozen;
    private bool _isDraining;

    public EntryPoint(
        EntryPointSettings settings, int slot, Shard[] shards, RequestPipeline pipeline, ILocalService? localService)
    {
        _settings = settings;
        _terms = TermsOf(settings);
        Slot = slot;
        _shards = shards;
        _pipeline = pipeline;
        LocalService = localService;
        _connections = new ConnectionList[shards.Length];
        _lanes = new Http2Lane?[shards.Length];
        for (int i = 0; i < shards.Length; i++)
        {
            _connections[i] = new ConnectionList();
        }
    }

    /// <summary>Its place in <see cref="Snapshot.Tables"/>; the same for as long as it lives.</summary>
    public int Slot { get; }

    public ILocalService? LocalService { get; }

    public string Name => Settings.Name;

    public EntryPointSettings Settings => Volatile.Read(ref _settings);

    public ClientTerms Terms => Volatile.Read(ref _terms);

    /// <summary>Null while it accepts clear text.</summary>
    public TlsServerContext? Tls => Volatile.Read(ref _tls);

    public ConnectionLimiter Limiter { get; } = new();

    /// <summary>TLS handshakes under way.</summary>
    public ConnectionLimiter Handshakes { get; } = new();

    /// <summary>
    /// Where it accepts: as configured, with the port that 0 became; of a socket unit's socket its own.
    /// </summary>
    public IPEndPoint Address => _socket!.Address;

    public int Port => _socket!.Port;

    public ListenSocket Socket => _socket!;

    /// <summary>The socket was handed over; whoever did so keeps it.</summary>
    public bool IsInherited { get; private set; }

    public Snapshot? Frozen => Volatile.Read(ref _frozen);

    /// <summary>It leaves the configuration: what it still serves is served as before.</summary>
    public void Freeze(Snapshot snapshot) => Volatile.Write(ref _frozen, snapshot);

    public int LoopCount => _shards.Length;

    /// <summary>No new requests are wanted: connections end after the exchange they are in.</summary>
    public bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>Binds the address; null, or why not.</summary>
    public string? TryBind(out bool notPermitted)
    {
        _socket = ListenSocket.TryBind(
            _settings.Address, ListenSocket.BacklogDefault, out string error, out notPermitted);
        return _socket is null ? error : null;
    }

    /// <summary>Takes a socket that listens already, in place of <see cref="TryBind"/>.</summary>
    public void Adopt(ListenSocket socket)
    {
        _socket = socket;
        IsInherited = true;
    }

    public void StartAccepting(LoopGroup loops) => _socket!.Listen(loops.Loops, this);

    /// <summary>
    /// New limits for the same address; connections see them from their next request on, and new ones the new TLS.
    /// </summary>
    public void Configure(EntryPointSettings settings, TlsServerContext? tls)
    {
        Volatile.Write(ref _tls, tls);
        Volatile.Write(ref _settings, settings);
        Volatile.Write(ref _terms, TermsOf(settings));
    }

    /// <summary>
    /// Accepts what is queued, then no more; open connections end after their exchange, idle ones shortly.
    /// </summary>
    public void Drain()
    {
        Volatile.Write(ref _isDraining, true);
        _ = _socket?.StopAcceptingAsync();
        foreach (Shard shard in _shards)
        {
            shard.Loop.Post(new DrainWork(this, isNow: false));
        }
    }

    /// <summary>
    /// As <see cref="Drain"/>, for good: a socket's file goes, too. A proxy that ends leaves it, for the next one may
    /// have the socket already.
    /// </summary>
    public void Abandon()
    {
        if (!IsInherited)
        {
            _socket?.RemoveFile();
        }

        Drain();
    }

    /// <summary>Ends every connection that is still open.</summary>
    public void Cut()
    {
        foreach (Shard shard in _shards)
        {
            shard.Loop.Post(new DrainWork(this, isNow: true));
        }
    }

    public void OnAccepted(EpollLoop loop, ByteLink link)
    {
        Shard shard = _shards[loop.Index];
        shard.Counters.Add(Counter.ConnectionsAccepted);
        EntryPointSettings settings = Settings;
        bool isAdmitted = Limiter.TryEnter(
            link.RemoteAddress, settings.ConnectionsMax, settings.ConnectionsPerAddressMax);
        if (!isAdmitted)
        {
            shard.Counters.Add(Counter.ConnectionsRefused);
        }

        if (!isAdmitted)
        {
            Refuse(shard, link, settings);
        }
        else if (settings.ProxyProtocol is { } protocol)
        {
            if (Terms.ProxyIps.Contains(link.RemoteAddress))
            {
                new ProxyProtocol(this, _connections[loop.Index], shard, link, protocol.IsRequired).Start();
            }
            else if (protocol.IsRequired)
            {
                shard.Counters.Add(Counter.ProxyHeadersRefused);
                shard.Counters.Add(Counter.ConnectionsClosed);
                Limiter.Leave(link.RemoteAddress);
                link.Close();
            }
            else
            {
                ServeAdmitted(shard, link);
            }
        }
        else
        {
            ServeAdmitted(shard, link);
        }
    }

    private void Refuse(Shard shard, ByteLink link, EntryPointSettings settings)
    {
        if (Tls is null && settings.ProxyProtocol is null)
        {
            Serve(shard, link, isAdmitted: false);
            return;
        }

        // Nothing can be said before a handshake, which is what a flood wants us to pay for.
        link.Close();
        shard.Counters.Add(Counter.ConnectionsClosed);
    }

    /// <summary>Begins what is spoken here on a connection that counts: TLS, or HTTP in clear text.</summary>
    public void ServeAdmitted(Shard shard, ByteLink link)
    {
        ConnectionList connections = _connections[shard.Loop.Index];
        if (Tls is { } tls)
        {
            new TlsHandshake(this, connections, shard, link, tls).Start();
        }
        else if (Settings.AcceptsH2c)
        {
            new ProtocolChoice(this, connections, shard, link).Start();
        }
        else
        {
            Serve(shard, link, isAdmitted: true);
        }
    }

    /// <summary>Begins HTTP/1.1 on a link that is ready for it.</summary>
    public void Serve(Shard shard, ByteLink link, bool isAdmitted)
    {
        var connection = new Http1Connection(this, _connections[shard.Loop.Index], shard, _pipeline, link, isAdmitted);
        connection.Start();
        if (IsDraining)
        {
            connection.Drain();
        }
    }

    /// <summary>Begins HTTP/2 on a link that is ready for it.</summary>
    public void ServeHttp2(Shard shard, ByteLink link)
    {
        int index = shard.Loop.Index;
        Http2Lane lane = _lanes[index] ??= new Http2Lane(this, _connections[index], shard, _pipeline);
        var connection = new Http2ClientConnection(lane, link);
        connection.Start();
        if (IsDraining)
        {
            connection.Drain();
        }
    }

    private static ClientTerms TermsOf(EntryPointSettings settings) => new()
    {
        HeadLimits = settings.HeadLimits,
        HeadTimeoutMs = (long)settings.HeadTimeout.TotalMilliseconds,
        KeepAliveTimeoutMs = (long)settings.KeepAliveTimeout.TotalMilliseconds,
        BodyIdleTimeoutMs = (long)settings.BodyIdleTimeout.TotalMilliseconds,
        BodyRateMin = settings.BodyRateMin,
        BodyRateGraceMs = (long)settings.BodyRateGrace.TotalMilliseconds,
        WriteIdleTimeoutMs = (long)settings.WriteIdleTimeout.TotalMilliseconds,
        TunnelIdleTimeoutMs = (long)settings.TunnelIdleTimeout.TotalMilliseconds,
        TunnelTimeMaxMs = (long)settings.TunnelTimeMax.TotalMilliseconds,
        RequestsPerConnectionMax = settings.RequestsPerConnectionMax,
        ConnectionAgeMaxMs = (long)settings.ConnectionAgeMax.TotalMilliseconds,
        TrustedIps = CidrSet.Of(settings.TrustedIps),
        ProxyIps = CidrSet.Of(settings.ProxyProtocol?.TrustedIps ?? Sequence<IPNetwork>.Empty),
    };

    private sealed class DrainWork(EntryPoint entryPoint, bool isNow) : ILoopWork
    {
        public void RunOn(EpollLoop loop)
        {
            ClientConnection? connection = entryPoint._connections[loop.Index].First;
            while (connection is not null)
            {
                ClientConnection? next = connection.NextInList;
                if (isNow)
                {
                    connection.Cut();
                }
                else
                {
                    connection.Drain();
                }

                connection = next;
            }
        }
    }
}
