using System;
using System.Threading;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>
/// The version a server told of last. Compared with each answer, on any loop; nothing is allocated while it stays.
/// </summary>
internal sealed class SeenVersion
{
    // A server that tells another version with each answer is heard once a second.
    private const long QuietMs = 1_000;

    private byte[]? _version;
    private long _changedMs = long.MinValue / 2;

    /// <summary>True if this is another one than before; of too many only some.</summary>
    /// <param name="version">Field value; what is too long or not visible ASCII is no version.</param>
    public bool IsChanged(ReadOnlySpan<byte> version, long nowMs)
    {
        byte[]? before = Volatile.Read(ref _version);
        return (before is null || !version.SequenceEqual(before)) && Change(version, nowMs);
    }

    private bool Change(ReadOnlySpan<byte> version, long nowMs)
    {
        bool isGood = version.Length is > 0 and <= DeploymentLimits.SeenBytesMax
            && version.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0;
        if (!isGood || nowMs - Volatile.Read(ref _changedMs) < QuietMs)
        {
            return false;
        }

        Volatile.Write(ref _changedMs, nowMs);
        Volatile.Write(ref _version, version.ToArray());
        return true;
    }
}
