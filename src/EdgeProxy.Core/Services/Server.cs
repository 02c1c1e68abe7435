using System;
using System.Net;
using System.Text;
using System.Threading;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Services;

/// <summary>
/// One upstream address of a service. Outlives configurations as long as the service keeps naming it, so that its
/// connections do too. Shared by all loops; what a loop owns of it is that loop's <see cref="ServerPool"/>.
/// </summary>
internal sealed class Server
{
    private const long DoubtMsMin = 1_000;
    private const long DoubtMsMax = 60_000;
    private const int DoublingsMax = 10;

    private readonly ServerPool?[] _pools;
    private readonly ServerLoad[] _loads;
    private readonly Multiplex?[]? _multiplexes;
    private readonly TlsDestination? _tls;
    private IPEndPoint? _address;
    private int _isFailing;
    private long _idleTimeoutMs;
    private long _connectTimeoutMs;
    private int _idleConnectionsMax;
    private bool _isRetired;
    private int _slotsTaken;
    private long _doubtedUntilMs;
    private int _doubts;

    /// <param name="tls">Null for clear text.</param>
    /// <param name="isHttp2">It is spoken to in HTTP/2.</param>
    /// <param name="proxyVersion">What it is sent before anything else; None with HTTP/2.</param>
    /// <param name="address">One of the addresses of the host, if that is a name.</param>
    /// <param name="durations">What it counts tries in together with others; null for its own.</param>
    public Server(
        string service, string host, int port, int loopCount, TlsClientContext? tls = null, IPAddress? address = null,
        bool isHttp2 = false, ProxyVersion proxyVersion = ProxyVersion.None, DurationMetrics? durations = null)
    {
        ProxyVersion = proxyVersion;
        _multiplexes = isHttp2 ? new Multiplex?[loopCount] : null;
        _tls = tls is null ? null : new TlsDestination(tls, host, loopCount);
        Service = service;
        Host = host;
        Port = port;
        bool isUnix = UnixEndPoint.Is(host);
        string place = isUnix ? host
            : host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}"
            : $"{host}:{port}";
        Name = address is null ? place : $"{place} ({address})";
        string authority = isUnix ? UnixEndPoint.HostName
            : port == (tls is null ? 80 : 443) ? place[..place.LastIndexOf(':')]
            : place;
        Authority = Encoding.ASCII.GetBytes(authority);
        Identity = RandomSequence.Of(Name);
        _pools = new ServerPool?[loopCount];
        Durations = durations ?? new DurationMetrics(loopCount);
        _loads = new ServerLoad[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            _loads[i] = new ServerLoad();
        }

        IsOfName = address is not null;
        if (isUnix)
        {
            _address = new UnixEndPoint(host[UnixEndPoint.Prefix.Length..]);
        }
        else if (address is not null || IPAddress.TryParse(host, out address))
        {
            _address = new IPEndPoint(address, port);
        }
    }

    /// <summary>It is spoken to in HTTP/2: connections to it are streams.</summary>
    public bool IsHttp2 => _multiplexes is not null;

    /// <summary>
    /// A connection under way, through TLS if the server speaks it, or a stream on one; its link tells
    /// <paramref name="owner"/> when it is there or broken.
    /// </summary>
    /// <param name="isNew">A connection was opened for it.</param>
    /// <param name="client">Whose it is, if the server is to hear that.</param>
    public ByteLink Connect(
        EpollLoop loop, IPEndPoint address, ILinkOwner owner, out bool isNew, in ConnectionEnds client = default)
    {
        isNew = true;
        return IsHttp2
            ? MultiplexOf(loop).Open(address, owner, out isNew)
            : ConnectLink(loop, address, owner, client);
    }

    /// <summary>What the server hears of a client: nothing, unless it wants the PROXY protocol's header.</summary>
    public ConnectionEnds EndsOf(ByteLink client) => ProxyVersion == ProxyVersion.None
        ? default
        : new ConnectionEnds(client.RemoteAddress, client.RemotePort, client.LocalAddress, client.LocalPort)
        {
            IsClients = true,
        };

    /// <summary>The connection with the header that the server wants first, if it wants one.</summary>
    public ByteLink Introduce(ByteLink link, ILinkOwner owner, in ConnectionEnds client = default) =>
        ProxyVersion == ProxyVersion.None
            ? link
            : new ProxyHeaderLink(link, ProxyHeaderWriter.Write(ProxyVersion, client), owner);

    /// <summary>A connection of its own, whatever is spoken on it.</summary>
    public ByteLink ConnectLink(
        EpollLoop loop, IPEndPoint address, ILinkOwner owner, in ConnectionEnds client = default)
    {
        ByteLink link = Introduce(loop.Connect(address, owner), owner, client);
        return _tls is null ? link : _tls.Connect(link, loop.Index, owner);
    }

    /// <summary>The loop's HTTP/2 connections to it; MUST NOT be asked for with another protocol.</summary>
    public Multiplex MultiplexOf(EpollLoop loop) => _multiplexes![loop.Index] ??= new Multiplex(this, loop);

    /// <summary>Each connection begins by saying whose it is: it serves that client alone.</summary>
    public ProxyVersion ProxyVersion { get; }

    public string Service { get; }

    /// <summary>The version it told of last.</summary>
    public SeenVersion Version { get; } = new();

    public string Host { get; }

    public int Port { get; }

    /// <summary>host:port, and of a host that is a name the address, for logs, metrics and the routes
    /// command.</summary>
    public string Name { get; }

    /// <summary>
    /// What Host says when the client's is not passed on; the scheme's own port is left out (RFC 9110 section 7.2).
    /// </summary>
    public ReadOnlyMemory<byte> Authority { get; }

    /// <summary>A number for the name, the same in every process; what hashing compares.</summary>
    public ulong Identity { get; }

    /// <summary>Null for a name that has no address yet: it stands for those to come.</summary>
    public IPEndPoint? Address
    {
        get => Volatile.Read(ref _address);
        set => Volatile.Write(ref _address, value);
    }

    /// <summary>No configuration names it any more: finish what runs, keep nothing.</summary>
    public bool IsRetired => Volatile.Read(ref _isRetired);

    public long IdleTimeoutMs => Volatile.Read(ref _idleTimeoutMs);

    public long ConnectTimeoutMs => Volatile.Read(ref _connectTimeoutMs);

    public int IdleConnectionsMax => Volatile.Read(ref _idleConnectionsMax);

    /// <summary>A new exchange may be sent to it.</summary>
    public bool IsUsable(long nowMs) => Address is not null && Health.IsUsable(nowMs);

    /// <summary>Requests that count against its service's capacity, of all loops.</summary>
    public int SlotsTaken => Volatile.Read(ref _slotsTaken);

    /// <summary>One more, unless there are so many.</summary>
    public bool TryTakeSlot(int most)
    {
        if (Interlocked.Increment(ref _slotsTaken) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref _slotsTaken);
        return false;
    }

    public void GiveSlot() => Interlocked.Decrement(ref _slotsTaken);

    /// <summary>How long tries take at it and the others of its service with this host and port.</summary>
    public DurationMetrics Durations { get; }

    /// <summary>Whether it is well, for all loops.</summary>
    public ServerHealth Health { get; } = new();

    public int LoopCount => _loads.Length;

    /// <summary>What loop <paramref name="loopIndex"/> knows of it.</summary>
    public ServerLoad Load(int loopIndex) => _loads[loopIndex];

    public void Configure(ServiceSettings settings)
    {
        Volatile.Write(ref _idleTimeoutMs, (long)settings.IdleTimeout.TotalMilliseconds);
        Volatile.Write(ref _connectTimeoutMs, (long)settings.ConnectTimeout.TotalMilliseconds);
        Volatile.Write(ref _idleConnectionsMax, settings.IdleConnectionsMax);
        Volatile.Write(ref _isRetired, false);
        Health.Forget(isProbed: settings.HealthCheck is not null, isWatched: settings.PassiveHealth is not null);
    }

    public void Retire() => Volatile.Write(ref _isRetired, true);

    /// <summary>The pool of loop <paramref name="index"/>; made on first use, on that loop.</summary>
    public ServerPool? Pool(int index) => _pools[index];

    public void SetPool(int index, ServerPool pool) => _pools[index] = pool;

    /// <summary>
    /// Connections of all loops: those nobody uses, and those with a request on them, or under way for one. Of HTTP/1.1
    /// the latter are the requests at it. Any thread, a moment late.
    /// </summary>
    public (int Idle, int Active) CountConnections()
    {
        int idle = 0;
        int active = 0;
        for (int i = 0; i < LoopCount; i++)
        {
            if (_multiplexes is null)
            {
                idle += _pools[i]?.IdleCount ?? 0;
                active += _loads[i].InFlight;
            }
            else if (_multiplexes[i] is { } multiplex)
            {
                (int quiet, int busy) = Split(multiplex.ConnectionCount, multiplex.QuietCount);
                idle += quiet;
                active += busy;
            }
        }

        return (idle, active);
    }

    /// <summary>
    /// Of two counts read one after the other, which the loop may have changed in between: neither is below none.
    /// </summary>
    public static (int Quiet, int Busy) Split(int all, int quiet)
    {
        quiet = Math.Min(quiet, all);
        return (quiet, all - quiet);
    }

    /// <summary>It is one of the addresses of a name, whoever wrote the configuration did not mean it alone.</summary>
    public bool IsOfName { get; }

    /// <summary>
    /// No connection came about a moment ago, or not before another's: others are asked first, if there are any
    /// (RFC 8305 section 4 asks for what comes of it: that a dead address is not waited for again and again).
    /// </summary>
    public bool IsDoubted(long nowMs) => Volatile.Read(ref _doubtedUntilMs) > nowMs;

    /// <summary>No connection came about: it is doubted, for twice as long each time.</summary>
    public void Doubt(long nowMs)
    {
        int doubts = Math.Min(Interlocked.Increment(ref _doubts), DoublingsMax);
        Volatile.Write(ref _doubtedUntilMs, nowMs + Math.Min(DoubtMsMin << (doubts - 1), DoubtMsMax));
    }

    /// <summary>Notes a failed connection attempt; true if it was well before, so that it is logged once.</summary>
    public bool NoteFailure() => Interlocked.Exchange(ref _isFailing, 1) == 0;

    /// <summary>Notes a working connection; true if it failed before.</summary>
    public bool NoteSuccess()
    {
        if (Volatile.Read(ref _isFailing) == 0)
        {
            return false;
        }

        Volatile.Write(ref _doubtedUntilMs, 0);
        Volatile.Write(ref _doubts, 0);
        return Interlocked.Exchange(ref _isFailing, 0) != 0;
    }
}
