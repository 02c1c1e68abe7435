using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Limits;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Limits;

public sealed class TurnQueueTests
{
    [Fact]
    public void Turns_ComeInOrder_AndALineThatIsFullRefuses()
    {
        var queue = new TurnQueue(1, 2, 10);
        Assert.True(queue.TryEnter(7, out ulong running, out Task<bool>? none));
        Assert.Null(none);
        Assert.True(queue.TryEnter(7, out ulong first, out Task<bool>? firstTurn));
        Assert.True(queue.TryEnter(7, out ulong second, out Task<bool>? secondTurn));
        Assert.False(queue.TryEnter(7, out _, out _));
        Assert.True(queue.TryEnter(8, out _, out none)); // another key
        Assert.Null(none);

        queue.Leave(running);
        queue.Leave(running);
        Assert.True(firstTurn!.IsCompletedSuccessfully);
        Assert.False(secondTurn!.IsCompleted);
        Assert.True(queue.EndWait(first));
        queue.Leave(first);
        Assert.True(queue.EndWait(second));
    }

    [Fact]
    public void WhoStopsWaiting_LeavesTheLine()
    {
        var queue = new TurnQueue(1, 1, 10);
        queue.TryEnter(7, out ulong running, out _);
        queue.TryEnter(7, out ulong waiting, out Task<bool>? turn);
        Assert.False(queue.EndWait(waiting));
        Assert.True(queue.TryEnter(7, out ulong next, out Task<bool>? nextTurn));
        queue.Leave(running);
        Assert.True(nextTurn!.IsCompletedSuccessfully && queue.EndWait(next));
        Assert.False(turn!.IsCompleted);
        queue.Leave(waiting);
        queue.Leave(next);
        Assert.True(queue.TryEnter(7, out _, out turn));
        Assert.Null(turn);
    }

    // The turn came while its exchange ended: the next one has it.
    [Fact]
    public void TurnOfOneThatHasLeft_GoesOn()
    {
        var queue = new TurnQueue(1, 3, 10);
        queue.TryEnter(7, out ulong running, out _);
        queue.TryEnter(7, out ulong leaving, out Task<bool>? turn);
        queue.TryEnter(7, out ulong last, out Task<bool>? lastTurn);
        queue.Leave(running);
        queue.Leave(leaving);
        Assert.True(turn!.IsCompletedSuccessfully);
        Assert.False(queue.EndWait(leaving));
        Assert.True(lastTurn!.IsCompletedSuccessfully);
        Assert.True(queue.EndWait(last));
    }

    [Fact]
    public void KeysMax_BoundsWhoIsThere_NotWhoWas()
    {
        var queue = new TurnQueue(2, 1, 2);
        for (ulong key = 1; key <= 100; key++)
        {
            Assert.True(queue.TryEnter(key, out ulong place, out _));
            queue.Leave(place);
        }

        Assert.True(queue.TryEnter(1, out _, out _));
        Assert.True(queue.TryEnter(2, out _, out _));
        Assert.False(queue.TryEnter(3, out _, out _));
        Assert.True(queue.TryEnter(1, out _, out _));
    }

    [Fact]
    public void RandomSteps_CountsStayWithinTheLimits()
    {
        var random = new Random(1);
        var queue = new TurnQueue(3, 4, 100);
        var running = new List<ulong>();
        var waiting = new List<(ulong Place, Task<bool> Turn)>();
        for (int i = 0; i < 20_000; i++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    bool isIn = queue.TryEnter(7, out ulong place, out Task<bool>? turn);
                    Assert.Equal(running.Count < 3 || waiting.Count < 4, isIn);
                    if (turn is not null)
                    {
                        waiting.Add((place, turn));
                    }
                    else if (isIn)
                    {
                        running.Add(place);
                    }

                    break;
                case 2 when running.Count > 0:
                    int at = random.Next(running.Count);
                    queue.Leave(running[at]);
                    running.RemoveAt(at);
                    if (waiting.Count > 0)
                    {
                        Assert.True(waiting[0].Turn.IsCompletedSuccessfully && queue.EndWait(waiting[0].Place));
                        running.Add(waiting[0].Place);
                        waiting.RemoveAt(0);
                    }

                    break;
                case 3 when waiting.Count > 0:
                    at = random.Next(waiting.Count);
                    Assert.False(queue.EndWait(waiting[at].Place));
                    waiting.RemoveAt(at);
                    break;
            }

            Assert.All(waiting, one => Assert.False(one.Turn.IsCompleted));
        }
    }
}
