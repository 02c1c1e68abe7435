using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Work of an exchange that is done off its loop (a password to hash, a service to ask) and brings back what to do
/// next. If the exchange is over by then, nothing happens.
/// </summary>
internal sealed class Deferred : OffLoopWork
{
    private Func<Exchange, Verdict>? _next;

    /// <summary>
    /// Waits for <paramref name="work"/>, which MUST NOT touch the exchange; what it returns runs on the loop. Work
    /// that fails answers 500, and its exception counts as one of the loop's.
    /// </summary>
    public static Verdict Start(Exchange exchange, ValueTask<Func<Exchange, Verdict>> work)
    {
        var deferred = new Deferred();
        deferred.Begin(exchange, isOfAnswer: false);
        _ = deferred.RunAsync(work);
        return Verdict.Pending;
    }

    protected override Verdict Next(Exchange exchange) => _next!(exchange);

    [SuppressMessage("Design", "CA1031", Justification = "The barrier of work done off the loops.")]
    private async Task RunAsync(ValueTask<Func<Exchange, Verdict>> work)
    {
        try
        {
            _next = await work.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Bring(exception);
            return;
        }

        Bring(failure: null);
    }
}
