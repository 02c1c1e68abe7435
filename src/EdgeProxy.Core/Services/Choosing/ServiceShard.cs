using System.Threading;
using EdgeProxy.Transport;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// One loop's share of what a service remembers from choice to choice. Kept over reloads as long as the service's name
/// stays. Touched by its loop only, but for what the configuration says.
/// </summary>
internal sealed class ServiceShard(int loopIndex, ulong seed)
{
    private RandomSequence _random = new(seed);
    private WaitQueue? _queue;
    private RetryReserve? _reserve;
    private long _budgetWindowMs;

    public int LoopIndex { get; } = loopIndex;

    /// <summary>
    /// Where an even rotation goes on. Loops start apart, or they would all send to the same server at the same time.
    /// </summary>
    public int Cursor { get; set; } = loopIndex;

    public ref RandomSequence Random => ref _random;

    /// <summary>Who waits for room; null until somebody had to.</summary>
    public WaitQueue? Queue => Volatile.Read(ref _queue);

    /// <summary>The queue; made when it is first needed, on its loop.</summary>
    public WaitQueue QueueOn(EpollLoop loop)
    {
        if (_queue is null)
        {
            Volatile.Write(ref _queue, new WaitQueue(loop));
        }

        return _queue!;
    }

    /// <summary>Exchanges with the service, counted if it retries.</summary>
    public int LiveCount { get; set; }

    /// <summary>
    /// Those of them that are in a further try, which <see cref="RetrySettings.BudgetShare"/> bounds.
    /// </summary>
    public int RetryingCount { get; set; }

    /// <summary>
    /// <see cref="RetrySettings.BudgetWindow"/> of the configuration in use, whichever an exchange began with: those of
    /// two configurations share what is earned. 0: nothing is. Set by the reloading thread.
    /// </summary>
    public long BudgetWindowMs
    {
        get => Volatile.Read(ref _budgetWindowMs);
        set => Volatile.Write(ref _budgetWindowMs, value);
    }

    /// <summary>A request that needed no retry earned a share of one.</summary>
    public void EarnRetry(long nowMs)
    {
        if (BudgetWindowMs is > 0 and var windowMs)
        {
            _reserve ??= new RetryReserve();
            _reserve.Earn(nowMs, windowMs);
        }
    }

    /// <summary>Takes one retry of what was earned, if there is one.</summary>
    /// <param name="share">Of a retry, in percent, that each request earned.</param>
    public bool TrySpendRetry(long nowMs, int share) =>
        _reserve is { } reserve && BudgetWindowMs is > 0 and var windowMs
        && reserve.TrySpend(nowMs, windowMs, share);
}
