using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// Slow hashes and signatures are what an attacker can make us spend: some of the cores at most, and a queue with an
/// end. One of each kind for the process, whatever middlewares there are.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process; no wait handle is ever made.")]
internal sealed class ProofGate(int runningMax, int waitingMax)
{
    /// <summary>Passwords that may wait for their turn; each takes some 60 ms.</summary>
    public const int PasswordsWaitingMax = 64;

    /// <summary>Signatures that may wait for their turn; each takes some 0.1 ms.</summary>
    public const int SignaturesWaitingMax = 1024;

    private readonly SemaphoreSlim _turn = new(runningMax);
    private int _count;

    public static ProofGate Passwords { get; } =
        new(Math.Max(1, Environment.ProcessorCount / 2), PasswordsWaitingMax);

    public static ProofGate Signatures { get; } = new(Environment.ProcessorCount, SignaturesWaitingMax);

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
    public async Task<T> RunAsync<T>(Func<T> check)
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
