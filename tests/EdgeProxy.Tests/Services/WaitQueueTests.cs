using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Services;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Services;

public sealed class WaitQueueTests : System.IDisposable
{
    private readonly EpollLoop _loop = new(0);
    private readonly WaitQueue _queue;
    private readonly List<int> _served = [];
    private int _room;

    public WaitQueueTests() => _queue = new WaitQueue(_loop);

    [Fact]
    public void Wake_RoomForSome_ServesThoseInFront()
    {
        Waiter[] waiters = [.. Enumerable.Range(0, 5).Select(Add)];
        _room = 2;
        _queue.Wake();
        _queue.Wake();
        _loop.RunOnce(0);

        Assert.Equal([0, 1], _served);
        Assert.Equal(3, _queue.Count);
        Assert.Same(waiters[2], _queue.First);

        _room = 9;
        _queue.Wake();
        _loop.RunOnce(0);
        Assert.Equal([0, 1, 2, 3, 4], _served);
        Assert.Null(_queue.First);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Remove_Anywhere_TheOthersKeepTheirOrder(int leaves)
    {
        Waiter[] waiters = [.. Enumerable.Range(0, 3).Select(Add)];

        _queue.Remove(waiters[leaves]);
        Add(3);
        _room = 9;
        _queue.RunOn(_loop);

        Assert.Equal(Enumerable.Range(0, 4).Where(number => number != leaves), _served);
        Assert.Equal(0, _queue.Count);
        Assert.All(waiters, waiter => Assert.True(waiter is { NextWaiter: null, PreviousWaiter: null }));
    }

    public void Dispose() => _loop.Dispose();

    private Waiter Add(int number)
    {
        var waiter = new Waiter(this, number);
        _queue.Add(waiter);
        return waiter;
    }

    private sealed class Waiter(WaitQueueTests test, int number) : IWaiter
    {
        public IWaiter? NextWaiter { get; set; }

        public IWaiter? PreviousWaiter { get; set; }

        public void OnRoom()
        {
            if (test._room > 0)
            {
                test._room--;
                test._queue.Remove(this);
                test._served.Add(number);
            }
        }
    }
}
