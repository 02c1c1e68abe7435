using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeProxy.Primitives.Collections;

/// <summary>A table of sixteen bytes, looked up by sixteen halves of bytes at once.</summary>
internal static class HalfByteTable
{
    /// <summary>What the table has at each of sixteen places.</summary>
    /// <param name="places">Each 0 to 15.</param>
    /// <remarks>
    /// Named by instruction: under Native AOT, Vector128.Shuffle is a call and a loop unless SSSE3 is in the baseline,
    /// while IsSupported is asked of the processor once.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Look(Vector128<byte> table, Vector128<byte> places) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(table, places)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, places)
        : Vector128.Shuffle(table, places);
}
