namespace EdgeProxy.Services.Choosing;

/// <summary>
/// One loop's share of what a service remembers from choice to choice. Kept over reloads as long as the service's name
/// stays. Touched by its loop only.
/// </summary>
internal sealed class ServiceShard(int loopIndex, ulong seed)
{
    private RandomSequence _random = new(seed);

    public int LoopIndex { get; } = loopIndex;

    /// <summary>
    /// Where an even rotation goes on. Loops start apart, or they would all send to the same server at the same time.
    /// </summary>
    public int Cursor { get; set; } = loopIndex;

    public ref RandomSequence Random => ref _random;

    /// <summary>Exchanges with the service, counted if it retries.</summary>
    public int LiveCount { get; set; }

    /// <summary>
    /// Those of them that are in a further try, which <see cref="RetrySettings.BudgetShare"/> bounds.
    /// </summary>
    public int RetryingCount { get; set; }
}
