using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Requests of one consumer by how they ended, and how many of them met a limit: written by each loop in its own cells,
/// read by any thread a moment late. Outlives configurations that go on naming the consumer.
/// </summary>
internal sealed class ConsumerMetrics(int loopCount)
{
    /// <summary>0 to 4 are the classes 1xx to 5xx; then those that ended without an answer.</summary>
    public const int Ends = Outcome.StatusClasses + 1;

    private const int Unanswered = Ends - 1;
    private const int Refused = Ends;
    private const int Reported = Ends + 1;
    private const int Cells = Ends + 2;

    // A cache line before each loop's cells, so that neighbours do not share one.
    private const int Padding = 8;

    private readonly long[] _cells = new long[(loopCount * (Cells + Padding)) + Padding];

    /// <summary>Counts a request on loop <paramref name="loop"/>; only that loop may.</summary>
    /// <param name="outcome">Of <see cref="Outcome"/>.</param>
    /// <param name="isRefused">A limit refused it.</param>
    /// <param name="isReported">A limit that only reports would have.</param>
    public void Add(int loop, int outcome, bool isRefused, bool isReported)
    {
        int first = First(loop);
        _cells[first + (outcome < Outcome.StatusClasses ? outcome : Unanswered)]++;
        _cells[first + Refused] += isRefused ? 1 : 0;
        _cells[first + Reported] += isReported ? 1 : 0;
    }

    /// <summary>Requests that ended so; <paramref name="end"/> is below <see cref="Ends"/>.</summary>
    public long Read(int end) => Sum(end);

    /// <summary>At least one request ended.</summary>
    public bool IsAny
    {
        get
        {
            for (int end = 0; end < Ends; end++)
            {
                if (Sum(end) > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Requests that a limit refused.</summary>
    public long ReadRefused() => Sum(Refused);

    /// <summary>Requests over a limit that only reports.</summary>
    public long ReadReported() => Sum(Reported);

    /// <summary>The label: "2xx"; "none" without an answer.</summary>
    public static string LabelOf(int end) => end == Unanswered ? "none" : Outcome.StatusClass(end);

    private static int First(int loop) => (loop * (Cells + Padding)) + Padding;

    private long Sum(int cell)
    {
        long sum = 0;
        for (int loop = 0; loop < loopCount; loop++)
        {
            sum += Volatile.Read(ref _cells[First(loop) + cell]);
        }

        return sum;
    }
}
