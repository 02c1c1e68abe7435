namespace EdgeProxy.Services;

/// <summary>
/// A named set of servers and how one is chosen: smooth weighted round robin (nginx's), kept per loop.
/// </summary>
internal sealed class Service
{
    private readonly int[] _weights;
    private readonly int _weightSum;
    private readonly bool _isEven;
    private readonly Rotation[] _rotations;

    public Service(ServiceSettings settings, Server[] servers, int loopCount)
    {
        Settings = settings;
        Servers = servers;
        _weights = new int[servers.Length];
        _isEven = true;
        for (int i = 0; i < servers.Length; i++)
        {
            _weights[i] = settings.Servers[i].Weight;
            _weightSum += _weights[i];
            _isEven &= _weights[i] == _weights[0];
        }

        ConnectTimeoutMs = (long)settings.ConnectTimeout.TotalMilliseconds;
        ResponseTimeoutMs = (long)settings.ResponseTimeout.TotalMilliseconds;
        ResponseIdleTimeoutMs = (long)settings.ResponseIdleTimeout.TotalMilliseconds;
        _rotations = new Rotation[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            // Loops start apart, or they would all send to the same server at the same time.
            _rotations[i] = new Rotation(servers.Length, i % servers.Length);
        }
    }

    public ServiceSettings Settings { get; }

    public Server[] Servers { get; }

    public long ConnectTimeoutMs { get; }

    public long ResponseTimeoutMs { get; }

    public long ResponseIdleTimeoutMs { get; }

    /// <summary>
    /// The next server for loop <paramref name="loopIndex"/>, other than <paramref name="except"/> if there is another
    /// that
    /// has an address; null if none has.
    /// </summary>
    public Server? Pick(int loopIndex, Server? except)
    {
        Rotation rotation = _rotations[loopIndex];
        for (int attempt = 0; attempt < Servers.Length; attempt++)
        {
            Server server = Servers[_isEven ? rotation.NextEven() : rotation.NextWeighted(_weights, _weightSum)];
            if (server.Address is not null && !ReferenceEquals(server, except))
            {
                return server;
            }
        }

        return except?.Address is null ? AnyWithAddress() : except;
    }

    private Server? AnyWithAddress()
    {
        foreach (Server server in Servers)
        {
            if (server.Address is not null)
            {
                return server;
            }
        }

        return null;
    }

    private sealed class Rotation(int count, int start)
    {
        private readonly long[] _current = new long[count];
        private int _next = start;

        public int NextEven()
        {
            int index = _next;
            _next = index + 1 == count ? 0 : index + 1;
            return index;
        }

        // Each turn every server gains its weight, the richest is taken and pays the sum: a 5:1:1 set answers a a b a c
        // a a.
        public int NextWeighted(int[] weights, int sum)
        {
            int best = 0;
            for (int i = 0; i < count; i++)
            {
                _current[i] += weights[i];
                if (_current[i] > _current[best])
                {
                    best = i;
                }
            }

            _current[best] -= sum;
            return best;
        }
    }
}
