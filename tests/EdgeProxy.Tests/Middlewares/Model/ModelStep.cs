using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>A middleware as the configuration has it, and what it does, said once more and naively.</summary>
/// <param name="Toml">Its kind and keys, below [middlewares.NAME].</param>
/// <param name="In">Null: the request goes on.</param>
internal sealed record ModelStep(
    string Toml, Func<ModelExchange, ModelAnswer?> In, Action<ModelExchange>? Out = null)
{
    /// <summary>True if the request reached the server, whose answer is <paramref name="server"/>.</summary>
    public static bool Run(IReadOnlyList<ModelStep> steps, ModelExchange exchange, ModelAnswer server)
    {
        int entered = 0;
        ModelAnswer? answer = null;
        while (entered < steps.Count && (answer = steps[entered].In(exchange)) is null)
        {
            entered++;
        }

        bool isForwarded = answer is null;
        if (!isForwarded || !exchange.TryAskPage(server, isServers: true))
        {
            exchange.Answer = answer ?? exchange.Taken(server);
            _ = !exchange.IsServers && exchange.TryAskPage(exchange.Answer, isServers: false);
        }

        foreach (ModelStep step in steps.Take(entered).Reverse())
        {
            step.Out?.Invoke(exchange);
        }

        return isForwarded;
    }
}
