using System.Runtime.InteropServices;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>The kernel's time: seconds and nanoseconds.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct TimeSpec(long ns)
{
    private const long NsPerSecond = 1_000_000_000;
    private readonly long _seconds = ns / NsPerSecond;
    private readonly long _ns = ns % NsPerSecond;

    public long TotalNs => (_seconds * NsPerSecond) + _ns;
}
