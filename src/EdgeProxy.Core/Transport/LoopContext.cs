using System;
using System.Threading;

namespace EdgeProxy.Transport;

/// <summary>
/// Brings what was awaited on a loop back to that loop, so that slow steps may use async without locks.
/// </summary>
internal sealed class LoopContext(EpollLoop loop) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => loop.Post(new Continuation(d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!loop.IsHere)
        {
            throw new NotSupportedException("nobody may wait for a loop; post to it");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    private sealed class Continuation(SendOrPostCallback callback, object? state) : ILoopWork
    {
        public void RunOn(EpollLoop loop) => callback(state);
    }
}
