using System;
using System.Threading;
using EdgeProxy.Config;

namespace EdgeProxy.Host;

/// <summary>
/// Looks at the configuration files at the interval in use and calls for a reload when they changed. Looks never overlap:
/// a slow reload makes the next look late, not double.
/// </summary>
internal sealed class ConfigPoll : IDisposable
{
    private readonly Func<bool> _hasChanged;
    private readonly Action _reload;
    private readonly ITimer _timer;
    private int _isLooking;

    public ConfigPoll(TimeProvider time, Func<bool> hasChanged, Action reload)
    {
        _hasChanged = hasChanged;
        _reload = reload;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes the interval of the settings in use; 0 is never.</summary>
    public void Follow(NodeSettings settings)
    {
        TimeSpan interval = settings.WatchInterval > TimeSpan.Zero ? settings.WatchInterval : Timeout.InfiniteTimeSpan;
        _timer.Change(interval, interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) != 0)
        {
            return;
        }

        try
        {
            if (_hasChanged())
            {
                _reload();
            }
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }
}
