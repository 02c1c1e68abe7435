using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Transport;

/// <summary>The loops of the process, one per core unless told otherwise.</summary>
internal sealed class LoopGroup : IDisposable
{
    private readonly EpollLoop[] _loops;

    /// <summary>Makes <paramref name="count"/> loops, 0 for one per processor, and does not start them.</summary>
    public LoopGroup(int count = 0, TimeProvider? time = null, ILogger? logger = null)
    {
        _loops = new EpollLoop[count > 0 ? count : Environment.ProcessorCount];
        for (int i = 0; i < _loops.Length; i++)
        {
            _loops[i] = new EpollLoop(i, time, logger);
        }
    }

    public IReadOnlyList<EpollLoop> Loops => _loops;

    /// <summary>
    /// Raises the soft limit of open files to the hard one, which is what the administrator allows. Returns the limit
    /// now in force: two descriptors per exchange must fit in it.
    /// </summary>
    public static unsafe long RaiseFileLimit()
    {
        ResourceLimit limit;
        if (LibC.GetResourceLimit(LibC.LimitOpenFiles, &limit) != 0)
        {
            return 0;
        }

        if (limit.Current < limit.Max)
        {
            ResourceLimit raised = limit with { Current = limit.Max };
            limit = LibC.SetResourceLimit(LibC.LimitOpenFiles, &raised) == 0 ? raised : limit;
        }

        return (long)Math.Min(limit.Current, long.MaxValue);
    }

    public void Start()
    {
        foreach (EpollLoop loop in _loops)
        {
            loop.Start();
        }
    }

    /// <summary>Ends all threads; connections stay open, unserved, until <see cref="Dispose"/>.</summary>
    public void Stop()
    {
        foreach (EpollLoop loop in _loops)
        {
            loop.Stop();
        }
    }

    public void Dispose()
    {
        Stop();
        foreach (EpollLoop loop in _loops)
        {
            loop.Dispose();
        }
    }
}
