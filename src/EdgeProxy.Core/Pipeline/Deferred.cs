using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Work of an exchange that is done off its loop (a password to hash, a service to ask) and brings back what to do
/// next. If the exchange is over by then, nothing happens.
/// </summary>
internal sealed class Deferred : ILoopWork
{
    private readonly Exchange _exchange;
    private readonly int _ticket;
    private readonly bool _isOfAnswer;
    private Func<Exchange, Verdict>? _next;
    private Exception? _failure;

    private Deferred(Exchange exchange, bool isOfAnswer)
    {
        _exchange = exchange;
        _isOfAnswer = isOfAnswer;
        _ticket = exchange.Ticket;
    }

    /// <summary>
    /// Waits for <paramref name="work"/>, which MUST NOT touch the exchange; what it returns runs on the loop. Work
    /// that fails answers 500, and its exception counts as one of the loop's.
    /// </summary>
    public static Verdict Start(Exchange exchange, ValueTask<Func<Exchange, Verdict>> work)
    {
        exchange.Phase = ExchangePhase.Awaiting;
        _ = new Deferred(exchange, isOfAnswer: false).RunAsync(work);
        return Verdict.Pending;
    }

    /// <summary>
    /// The same, of an answer that waits for it (BodyCall.IsWaiting) and goes on then; work that fails cuts it.
    /// </summary>
    public static void StartAnswer(Exchange exchange, ValueTask<Func<Exchange, Verdict>> work) =>
        _ = new Deferred(exchange, isOfAnswer: true).RunAsync(work);

    public void RunOn(EpollLoop loop)
    {
        if (_failure is not null)
        {
            loop.OnCrash(_failure); // of a request that is over, too: it is a defect all the same
        }

        ExchangePhase phase = _isOfAnswer ? ExchangePhase.Forwarding : ExchangePhase.Awaiting;
        if (_exchange.Ticket == _ticket && _exchange.Phase == phase)
        {
            Verdict verdict = Next(loop);
            if (_isOfAnswer)
            {
                _exchange.UpstreamReadMs = loop.NowMs; // it was us who did not read
            }
            else
            {
                RequestPipeline.Resume(_exchange, verdict);
            }

            _exchange.Owner.OnLinkReady(_exchange.ClientLink);
        }
    }

    private Verdict Next(EpollLoop loop)
    {
        if (_failure is null)
        {
            try
            {
                return _next!(_exchange);
            }
            catch (Exception exception)
            {
                loop.OnCrash(exception);
            }
        }

        _exchange.Fault = new Fault(FaultKind.Internal, FaultSide.Proxy, Again.Never);
        return Verdict.Answered;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The barrier of work done off the loops.")]
    private async Task RunAsync(ValueTask<Func<Exchange, Verdict>> work)
    {
        try
        {
            _next = await work.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _failure = exception;
        }

        _exchange.Shard.Loop.Post(this);
    }
}
