using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Work of an exchange that is done off its loop and comes back with what to do next. If the exchange is over by then,
/// nothing happens.
/// </summary>
internal abstract class OffLoopWork : ILoopWork
{
    private Exchange? _exchange;
    private Exception? _failure;
    private int _ticket;
    private bool _isOfAnswer;

    /// <summary>On the loop, before the work begins.</summary>
    /// <param name="isOfAnswer">The answer waits for it (BodyCall.IsWaiting); else the request.</param>
    protected void Begin(Exchange exchange, bool isOfAnswer)
    {
        _exchange = exchange;
        _failure = null;
        _ticket = exchange.Ticket;
        _isOfAnswer = isOfAnswer;
        if (!isOfAnswer)
        {
            exchange.Phase = ExchangePhase.Awaiting;
        }
    }

    /// <summary>The work is done: goes back to the loop. Any thread, once.</summary>
    /// <param name="failure">A defect: 500, or the answer is cut; and it counts as an exception of the loop's.</param>
    protected void Bring(Exception? failure)
    {
        _failure = failure;
        _exchange!.Shard.Loop.Post(this);
    }

    /// <summary>On the loop: what to do next.</summary>
    protected abstract Verdict Next(Exchange exchange);

    /// <summary>On the loop: nobody needs it any more.</summary>
    protected virtual void Over()
    {
    }

    public void RunOn(EpollLoop loop)
    {
        Exchange exchange = _exchange!;
        _exchange = null;
        if (_failure is not null)
        {
            loop.OnCrash(_failure); // of a request that is over, too: it is a defect all the same
        }

        ExchangePhase phase = _isOfAnswer ? ExchangePhase.Forwarding : ExchangePhase.Awaiting;
        if (exchange.Ticket == _ticket && exchange.Phase == phase)
        {
            Verdict verdict = Next(loop, exchange);
            if (_isOfAnswer)
            {
                exchange.UpstreamReadMs = loop.NowMs; // it was us who did not read
            }
            else
            {
                RequestPipeline.Resume(exchange, verdict);
            }

            exchange.Owner.OnLinkReady(exchange.ClientLink);
        }

        Over();
    }

    private Verdict Next(EpollLoop loop, Exchange exchange)
    {
        if (_failure is null)
        {
            try
            {
                return Next(exchange);
            }
            catch (Exception exception)
            {
                loop.OnCrash(exception);
            }
        }

        exchange.Fault = new Fault(FaultKind.Internal, FaultSide.Proxy, Again.Never);
        return Verdict.Answered;
    }
}
