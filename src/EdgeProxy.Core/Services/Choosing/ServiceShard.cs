using System.Threading;
using EdgeProxy.Transport;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// One loop's share of what a service remembers from choice to choice. Kept over reloads as long as the service's name
/// stays. Touched by its loop only.
/// </summary>
internal sealed class ServiceShard(int loopIndex, ulong seed)
{
    private RandomSequence _random = new(seed);
    private WaitQueue? _queue;
    private RetryReserve? _reserve;

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

    /// <summary>What those that needed none earned for more of them; made when the first did.</summary>
    public RetryReserve Reserve => _reserve ??= new RetryReserve();
}
