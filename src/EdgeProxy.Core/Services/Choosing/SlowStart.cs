namespace EdgeProxy.Services.Choosing;

/// <summary>
/// A server that came up grows to its share: it takes part in that part of the choices, drawn by lot, and what it has
/// to do weighs the more. With hash its weight grows, so that each key moves to it once.
/// </summary>
internal static class SlowStart
{
    // Envoy's min_weight_percent: without requests nothing warms up.
    private const double ShareMin = 0.1;

    // 2^-53: a hash's upper 53 bits as a fraction.
    private const double Fraction = 1.0 / (1UL << 53);

    /// <summary>0.1 to 1, growing evenly over the duration; 1 if it has been up for longer, or there is none.</summary>
    /// <param name="upSinceMs">0 if not known to be recent.</param>
    public static double ShareOf(long upSinceMs, long nowMs, long durationMs)
    {
        long ageMs = nowMs - upSinceMs;
        if (durationMs == 0 || upSinceMs == 0 || ageMs >= durationMs)
        {
            return 1;
        }

        double share = (double)ageMs / durationMs;
        return share < ShareMin ? ShareMin : share;
    }

    /// <summary>Whether the server at a place takes part in the choice with this lot: the same however often
    /// asked.</summary>
    public static bool Passes(double share, ulong lot, int place) =>
        share >= 1 || (RandomSequence.Mix(lot + (ulong)place) >> 11) * Fraction < share;
}
