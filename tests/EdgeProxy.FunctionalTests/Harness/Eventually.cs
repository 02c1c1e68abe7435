using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Waits for a condition of another process, which can only be asked, never awaited. Looks often, ends at a deadline,
/// says what it saw last.
/// </summary>
internal static class Eventually
{
    private const int LookIntervalMs = 5;

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? limit = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, limit);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan most = limit ?? Deadline.Default;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(LookIntervalMs));
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > most)
            {
                throw new TimeoutException($"waited {most.TotalSeconds:0.#} s for {what}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>
    /// Asks until the answer satisfies, and returns it; the last answer is in the message if none did.
    /// </summary>
    public static async Task<T> GetAsync<T>(
        Func<Task<T>> ask, Func<T, bool> satisfies, string what, TimeSpan? limit = null)
    {
        T last = default!;
        try
        {
            await TrueAsync(
                async () =>
                {
                    last = await ask();
                    return satisfies(last);
                },
                what,
                limit);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}; last seen: {last}");
        }

        return last;
    }
}
