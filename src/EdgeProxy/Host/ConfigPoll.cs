using System;
using System.Threading;
using EdgeProxy.Config;

namespace EdgeProxy.Host;

/// <summary>
/// Looks at the configuration files at the interval in use and calls for a reload when they changed. Looks never
/// overlap:
/// a slow reload makes the next look late, not double.
/// </summary>
internal sealed class ConfigPoll : IDisposable
{
    private readonly Func<ProxySettings, Func<bool>> _watch;
    private readonly Action _reload;
    private readonly ITimer _timer;
    private Func<bool> _hasChanged = static () => false;
    private int _isLooking;

    /// <param name="watch">From the settings in use, a function that says whether their files have changed
    /// since.</param>
    public ConfigPoll(TimeProvider time, Func<ProxySettings, Func<bool>> watch, Action reload)
    {
        _watch = watch;
        _reload = reload;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes the files and the interval of the settings in use; an interval of 0 is never.</summary>
    public void Follow(ProxySettings settings)
    {
        Volatile.Write(ref _hasChanged, _watch(settings));
        TimeSpan interval = settings.Node.WatchInterval;
        interval = interval > TimeSpan.Zero ? interval : Timeout.InfiniteTimeSpan;
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
            if (Volatile.Read(ref _hasChanged)())
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
