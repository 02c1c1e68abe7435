using System;

namespace EdgeProxy.Services.Health;

/// <summary>How a server is probed.</summary>
internal enum ProbeKind : byte
{
    /// <summary>A request, whose answer is judged.</summary>
    Http,

    /// <summary>A connection is enough.</summary>
    Tcp,

    /// <summary>grpc.health.v1 over HTTP/2.</summary>
    Grpc,
}

/// <summary>How a probe's connection is secured.</summary>
internal enum ProbeScheme : byte
{
    /// <summary>As the connections of requests.</summary>
    OfServer,
    Http,
    Https,
}

/// <summary>What a new server is taken for before it was probed.</summary>
internal enum InitialHealth : byte
{
    /// <summary>Neither: it gets no request before its first probe, and that one decides alone.</summary>
    Probe,
    Up,
    Down,
}

/// <summary>Active health checks of a service: every server is asked in turn, by itself.</summary>
internal sealed record HealthCheckSettings
{
    public ProbeKind Kind { get; init; }

    /// <summary>Path and query of the request; begins with '/'.</summary>
    public string Path { get; init; } = "/";

    /// <summary>GET, HEAD or OPTIONS.</summary>
    public string Method { get; init; } = "GET";

    public ProbeScheme Scheme { get; init; }

    /// <summary>The gRPC service asked for; "" for the whole server.</summary>
    public string Service { get; init; } = "";

    /// <summary>Value of Host; "" for the server's own.</summary>
    public string Host { get; init; } = "";

    /// <summary>More header lines, each with its CRLF.</summary>
    public string HeaderLines { get; init; } = "";

    /// <summary>Statuses of a healthy server. Default 200 to 399, as Traefik's.</summary>
    public StatusSet Statuses { get; init; } = HealthLimits.StatusesDefault;

    /// <summary>What the answer's body must contain within its first 16 KiB; "" for anything.</summary>
    public string Body { get; init; } = "";

    /// <summary>0 for the port requests go to.</summary>
    public int Port { get; init; }

    /// <summary>From the end of one probe to the start of the next. Default 10 s; 100 ms to 1 h.</summary>
    public TimeSpan Interval { get; init; } = HealthLimits.IntervalDefault;

    /// <summary>A random part of it is added to each interval, so that many proxies do not probe in step.</summary>
    public TimeSpan Jitter { get; init; } = HealthLimits.JitterDefault;

    /// <summary>Longest wait for a whole probe. Default 2 s; 10 ms to 1 min.</summary>
    public TimeSpan Timeout { get; init; } = HealthLimits.TimeoutDefault;

    /// <summary>Good probes in a row that bring a server up. Default 2 (HAProxy's).</summary>
    public int Rise { get; init; } = HealthLimits.RiseDefault;

    /// <summary>Bad probes in a row that take a server down. Default 3 (HAProxy's).</summary>
    public int Fall { get; init; } = HealthLimits.FallDefault;

    public InitialHealth Initial { get; init; }
}

/// <summary>Passive health checks of a service: what happens to requests tells of their servers.</summary>
internal sealed record PassiveHealthSettings
{
    /// <summary>Faults in a row, over all loops, that eject a server. Default 5 (Envoy's); 0 is off.</summary>
    public int ConsecutiveFaults { get; init; } = HealthLimits.ConsecutiveFaultsDefault;

    /// <summary>Percent of a window's requests that may fail. Default 50; 0 is off.</summary>
    public int FaultShareMax { get; init; } = HealthLimits.FaultShareDefault;

    /// <summary>Requests to a server in a window, over all loops, below which its share says nothing.</summary>
    public int RequestsMin { get; init; } = HealthLimits.RequestsMinDefault;

    /// <summary>What the share is counted over. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = HealthLimits.WindowDefault;

    /// <summary>An answer that takes longer to begin is a fault. Default 0: none is.</summary>
    public TimeSpan LatencyMax { get; init; }

    /// <summary>Statuses that are faults. Default 502 to 504: they speak of the server, not of the request.</summary>
    public StatusSet Statuses { get; init; } = HealthLimits.FaultStatusesDefault;

    /// <summary>How long a server is ejected the first time; doubled each time after. Default 10 s.</summary>
    public TimeSpan EjectionTime { get; init; } = HealthLimits.EjectionTimeDefault;

    /// <summary>The most it is doubled to. Default 5 min.</summary>
    public TimeSpan EjectionTimeMax { get; init; } = HealthLimits.EjectionTimeMaxDefault;

    /// <summary>Percent of the service's servers that may be ejected at a time, rounded down. Default 50.</summary>
    public int EjectedShareMax { get; init; } = HealthLimits.EjectedShareDefault;
}

/// <summary>Named limits and defaults of health checks.</summary>
internal static class HealthLimits
{
    public static readonly StatusSet StatusesDefault = new(new StatusRange(200, 399));
    public static readonly StatusSet FaultStatusesDefault = new(new StatusRange(502, 504));
    public static readonly TimeSpan IntervalDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan IntervalMax = TimeSpan.FromHours(1);
    public static readonly TimeSpan JitterDefault = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan WindowDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan EjectionTimeDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan EjectionTimeMaxDefault = TimeSpan.FromMinutes(5);
    public const int RiseDefault = 2;
    public const int FallDefault = 3;
    public const int ProbesMax = 100;
    public const int ConsecutiveFaultsDefault = 5;
    public const int ConsecutiveFaultsMax = 1000;
    public const int FaultShareDefault = 50;
    public const int RequestsMinDefault = 20;
    public const int RequestsMinMax = 1_000_000;
    public const int EjectedShareDefault = 50;
    public const int HeadersMax = 16;
    public const int TextCharsMax = 256;
    public const int ServiceCharsMax = 127;
}
