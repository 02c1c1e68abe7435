using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// Slow hashes are what an attacker can make us spend: half of the cores at most, and a queue with an end. One for the
/// process, whatever middlewares there are.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process; no wait handle is ever made.")]
internal sealed class PasswordGate(int runningMax, int waitingMax)
{
    /// <summary>Checks that may wait for their turn.</summary>
    public const int WaitingMaxDefault = 64;

    private readonly SemaphoreSlim _turn = new(runningMax);
    private int _count;

    public static PasswordGate OfProcess { get; } = new(Math.Max(1, Environment.ProcessorCount / 2), WaitingMaxDefault);

    /// <summary>A place in the queue; false: it is full. <see cref="Leave"/> gives it back.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= runningMax + waitingMax)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);

    /// <summary>Runs it on a thread of the pool when its turn comes.</summary>
    public async Task<bool> RunAsync(Func<bool> check)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await Task.Run(check).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
