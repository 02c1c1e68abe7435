namespace EdgeProxy.Transport;

/// <summary>
/// What one loop counted since it began. Written by its loop only, with plain stores; a reader on another thread sees a
/// value that was true a moment ago, which is what a metric needs.
/// </summary>
internal sealed class TransportCounters
{
    /// <summary>Connections accepted and given to their owner on this loop.</summary>
    public long Accepted;

    /// <summary>Connections closed unserved because the process or the system had no file or memory left.</summary>
    public long Shed;

    /// <summary>Connections this loop accepted and gave to a less busy one.</summary>
    public long HandedOver;

    public long ConnectAttempts;

    public long ConnectFailures;

    public long BytesRead;

    public long BytesWritten;

    /// <summary>Turns of the loop: one wait for events each.</summary>
    public long Turns;

    /// <summary>Managed bytes allocated on the loop's thread, up to its last wait.</summary>
    public long AllocatedBytes;

    /// <summary>Exceptions that escaped an owner, a timer or posted work.</summary>
    public long Crashes;
}
