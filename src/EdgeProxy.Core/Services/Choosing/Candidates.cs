namespace EdgeProxy.Services.Choosing;

/// <summary>
/// Who a <see cref="Strategy"/> chooses among, for one request on one loop: the servers of a service but those that are
/// unhealthy, without an address, tried already, or of a priority that is not needed; and of those that came up a short
/// while ago as many as a lot lets take part (<see cref="SlowStart"/>).
/// </summary>
internal readonly ref struct Candidates
{
    /// <summary>A choice in which everybody takes part.</summary>
    public const ulong NoLot = 0;

    private readonly Service _service;
    private readonly ref readonly TriedServers _tried;
    private readonly int _lastGroup;
    private readonly ulong _lot;
    private readonly bool _isDoubting;

    public Candidates(
        Service service,
        ServiceShard shard,
        long nowMs,
        ref readonly TriedServers tried,
        ulong? key,
        int lastGroup,
        ulong lot,
        bool isDoubting)
    {
        _isDoubting = isDoubting;
        _lot = lot;
        _lastGroup = lastGroup;
        _service = service;
        _tried = ref tried;
        Shard = shard;
        NowMs = nowMs;
        Key = key.GetValueOrDefault();
        HasKey = key.HasValue;
    }

    public ServiceShard Shard { get; }

    public long NowMs { get; }

    /// <summary>Hash of what the service spreads by.</summary>
    public ulong Key { get; }

    /// <summary>The request has what the service spreads by.</summary>
    public bool HasKey { get; }

    /// <summary>Servers of the service, usable or not.</summary>
    public int Count => _service.Servers.Length;

    /// <summary>The request failed at another server before.</summary>
    public bool IsFurtherTry => _tried.Count > 0;

    public WeightTable Weights => _service.Weights;

    public bool IsUsable(int place)
    {
        Server server = _service.Servers[place];
        return server.IsUsable(NowMs) && _service.HasRoom(server) && !_tried.Contains(place)
            && _service.IsWithin(place, _lastGroup)
            && !(_isDoubting && server.IsDoubted(NowMs))
            && (_lot == NoLot || SlowStart.Passes(Share(place), _lot, place));
    }

    /// <summary>Servers may have less than their weight.</summary>
    public bool HasSlowStart => _service.SlowStartMs > 0;

    /// <summary>How much of its weight the server has by now: 1, or less while it starts.</summary>
    public double Share(int place) =>
        SlowStart.ShareOf(_service.Servers[place].Health.UpSinceMs, NowMs, _service.SlowStartMs);

    public ServerLoad Load(int place) => _service.Servers[place].Load(Shard.LoopIndex);

    /// <summary>A number for the server that is the same in every process and configuration.</summary>
    public ulong Identity(int place) => _service.Servers[place].Identity;
}
