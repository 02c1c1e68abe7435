namespace EdgeProxy.Pipeline;

/// <summary>Steps (3) and (6): the middlewares of an exchange's route, inwards in order, outwards in reverse.</summary>
internal static class MiddlewareChain
{
    /// <summary>
    /// Lets the request through the middlewares it has not met yet, while its route is open through those that all
    /// candidates begin with. Next: all of them let it pass.
    /// </summary>
    public static Verdict Enter(Exchange exchange)
    {
        Middleware[] middlewares = exchange.Route!.Middlewares;
        int steps = exchange.ModelChoice.IsOpen ? exchange.ModelChoice.SharedSteps : middlewares.Length;
        Verdict verdict = Verdict.Next;
        while (verdict == Verdict.Next && exchange.Entered < steps)
        {
            Middleware middleware = middlewares[exchange.Entered++];
            exchange.Ending = exchange.Entered;
            verdict = Resume(exchange, middleware.OnRequest(exchange));
        }

        return verdict;
    }

    /// <summary>The innermost middleware entered decided, now or after it was pending.</summary>
    public static Verdict Resume(Exchange exchange, Verdict verdict)
    {
        if (verdict == Verdict.Answered)
        {
            // It answers for itself: its own steps outwards are not for this answer.
            exchange.Ending = --exchange.Entered;
            if (exchange.Route is { } route && exchange.Entered >= 0)
            {
                exchange.AnsweredBy = route.Middlewares[exchange.Entered].Name;
            }
        }

        return verdict;
    }

    /// <summary>An answer is about to begin. Each middleware hears of the first one only.</summary>
    public static void Leave(Exchange exchange)
    {
        if (exchange.Route is not { } route)
        {
            return;
        }

        while (exchange.Entered > 0)
        {
            route.Middlewares[--exchange.Entered].OnResponse(exchange);
        }
    }

    /// <summary>The exchange is over.</summary>
    public static void End(Exchange exchange)
    {
        while (exchange.Ending > 0)
        {
            exchange.Route!.Middlewares[--exchange.Ending].OnEnd(exchange);
        }
    }
}
