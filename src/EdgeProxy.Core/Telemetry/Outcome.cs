using EdgeProxy.Primitives.Faults;

namespace EdgeProxy.Telemetry;

/// <summary>
/// How an exchange or a try ended, as metrics tell it: few enough to be labels, whatever servers and clients do.
/// </summary>
internal static class Outcome
{
    /// <summary>0 to 4 are the classes 1xx to 5xx.</summary>
    public const int StatusClasses = 5;

    public const int ConnectFailed = 5;
    public const int Timeout = 6;
    public const int Closed = 7;
    public const int Malformed = 8;

    /// <summary>No answer, for another reason: the client left, the proxy stops.</summary>
    public const int Cancelled = 9;

    public const int Count = 10;

    /// <summary>A status that was given, else what prevented one.</summary>
    public static int Of(int status, FaultKind fault) => status switch
    {
        >= 100 and <= 599 => (status / 100) - 1,
        > 599 => StatusClasses - 1,
        _ => fault switch
        {
            FaultKind.ConnectFailed or FaultKind.NameNotResolved => ConnectFailed,
            FaultKind.ConnectTimeout or FaultKind.ResponseTimeout or FaultKind.ResponseIdleTimeout => Timeout,
            FaultKind.UpstreamClosed => Closed,
            FaultKind.UpstreamMalformed => Malformed,
            _ => Cancelled,
        },
    };

    /// <summary>"2xx"; empty if there was no status.</summary>
    public static string StatusClass(int outcome) => outcome switch
    {
        0 => "1xx",
        1 => "2xx",
        2 => "3xx",
        3 => "4xx",
        4 => "5xx",
        _ => "",
    };

    /// <summary>error.type of the semantic conventions; empty if there was a status.</summary>
    public static string ErrorType(int outcome) => outcome switch
    {
        ConnectFailed => "connect_failed",
        Timeout => "timeout",
        Closed => "closed",
        Malformed => "malformed",
        Cancelled => "cancelled",
        _ => "",
    };
}
