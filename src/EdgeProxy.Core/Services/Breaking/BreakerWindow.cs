using System;
using System.Numerics;
using System.Threading;

namespace EdgeProxy.Services.Breaking;

/// <summary>
/// What one loop counted of a service in the last seconds, a row for each. Written by its loop without locks; read by
/// the loop that looks at the expression, a moment late, which a threshold does not mind.
/// </summary>
internal sealed class BreakerWindow
{
    /// <summary>What an expression is about, as in Traefik.</summary>
    public const int Seconds = 10;

    // Times by the second bit after their highest five: exact to 32 ms, then within 3 %.
    private const int ExactBits = 5;
    private const int ExactMs = 1 << ExactBits;
    private const int HighestBit = 20; // 17 minutes; what takes longer is not told apart
    private const int TimeSlots = ExactMs * (HighestBit - ExactBits + 1);

    private readonly int _width;
    private readonly int[] _counts;
    private readonly long[] _stamps = new long[Seconds];

    public BreakerWindow(BreakerExpression expression)
    {
        _width = Slot(expression.Terms.Length) + (expression.HasLatency ? TimeSlots : 0);
        _counts = new int[Seconds * _width];
        Array.Fill(_stamps, -1);
    }

    /// <summary>Slot of requests.</summary>
    public const int Requests = 0;

    /// <summary>Slot of what a term counts; behind it what that is divided by.</summary>
    public static int Slot(int term) => 1 + (2 * term);

    /// <summary>A request was answered with a status, or failed, after so long.</summary>
    public void Note(BreakerExpression expression, long second, int status, bool isNetworkError, long elapsedMs)
    {
        Span<int> row = RowOf(second);
        row[Requests]++;
        for (int i = 0; i < expression.Terms.Length; i++)
        {
            ref readonly BreakerTerm term = ref expression.Terms[i];
            bool isCode = term.Kind == BreakerTermKind.ResponseCodeRatio;
            bool counts = isCode ? status >= term.From && status < term.To : isNetworkError;
            bool divides = !isCode || (status >= term.OfFrom && status < term.OfTo);
            row[Slot(i)] += counts ? 1 : 0;
            row[Slot(i) + 1] += divides ? 1 : 0;
        }

        if (expression.HasLatency)
        {
            row[Slot(expression.Terms.Length) + TimeSlotOf(elapsedMs)]++;
        }
    }

    /// <summary>
    /// An answer that was noted in <paramref name="second"/> is a network error after all. False if that second is not
    /// in the window any more.
    /// </summary>
    public bool TryNoteCut(BreakerExpression expression, long second, long now)
    {
        int row = (int)(second % Seconds);
        if (_stamps[row] != second || second <= now - Seconds)
        {
            return false;
        }

        for (int i = 0; i < expression.Terms.Length; i++)
        {
            bool counts = expression.Terms[i].Kind == BreakerTermKind.NetworkErrorRatio;
            _counts[(row * _width) + Slot(i)] += counts ? 1 : 0;
        }

        return true;
    }

    /// <summary>A slot's sum over the window that ends with a second, of rows not before another.</summary>
    public long Sum(int slot, long second, long from)
    {
        long sum = 0;
        for (int row = 0; row < Seconds; row++)
        {
            long stamp = Volatile.Read(ref _stamps[row]);
            sum += stamp > second - Seconds && stamp <= second && stamp >= from ? _counts[(row * _width) + slot] : 0;
        }

        return sum;
    }

    /// <summary>
    /// The time, in milliseconds, within which a percentage of the requests of all loops began to be answered.
    /// </summary>
    public static double Quantile(
        BreakerWindow[] windows, BreakerExpression expression, double percent, long second, long from)
    {
        int first = Slot(expression.Terms.Length);
        double rank = SumOf(windows, Requests, second, from) * percent / 100;
        long seen = 0;
        for (int slot = 0; rank > 0 && slot < TimeSlots; slot++)
        {
            seen += SumOf(windows, first + slot, second, from);
            if (seen >= rank)
            {
                return MiddleOf(slot);
            }
        }

        return 0;
    }

    public static long SumOf(BreakerWindow[] windows, int slot, long second, long from)
    {
        long sum = 0;
        foreach (BreakerWindow window in windows)
        {
            sum += window.Sum(slot, second, from);
        }

        return sum;
    }

    private Span<int> RowOf(long second)
    {
        int row = (int)(second % Seconds);
        Span<int> counts = _counts.AsSpan(row * _width, _width);
        if (_stamps[row] != second)
        {
            counts.Clear();
            Volatile.Write(ref _stamps[row], second);
        }

        return counts;
    }

    private static int TimeSlotOf(long elapsedMs)
    {
        long bounded = Math.Clamp(elapsedMs, 0, (1L << HighestBit) - 1);
        if (bounded < ExactMs)
        {
            return (int)bounded;
        }

        int shift = BitOperations.Log2((ulong)bounded) - ExactBits;
        return (ExactMs * (shift + 1)) + (int)(bounded >> shift) - ExactMs;
    }

    private static double MiddleOf(int slot)
    {
        if (slot < ExactMs)
        {
            return slot;
        }

        int shift = (slot / ExactMs) - 1;
        long low = (long)(ExactMs + (slot % ExactMs)) << shift;
        return low + (((1L << shift) - 1) / 2);
    }
}
