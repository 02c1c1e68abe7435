using System;
using System.Collections.Generic;
using System.Net.Http;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// <c>ai_guard</c>: what prompts and answers of a router's models must not have. It lets every request pass itself: the
/// call of an AI service asks for it once the prompt is there (decision 86).
/// </summary>
/// <param name="connect">Makes a client with a limit for connecting, for external guards.</param>
internal sealed class AiGuard(AiGuardSettings settings, Func<TimeSpan, HttpMessageInvoker> connect) : Middleware
{
    // Loops there may be (node.loops), and spares kept of each.
    private const int LoopsMax = 256;
    private const int SparesMax = 64;

    private readonly Stack<GuardWork>?[] _spares = new Stack<GuardWork>?[LoopsMax];

    public AiGuardSettings Settings { get; } = settings;

    public GuardSide Prompt { get; } = new(settings.Prompt, settings.Tools);

    public GuardSide Answer { get; } = new(settings.Answer, settings.Tools, settings.Prompt);

    public ExternalGuards External { get; } = new(settings.External, connect);

    /// <summary>The guard of an exchange's router; null if it has none.</summary>
    public static AiGuard? Of(Exchange exchange)
    {
        foreach (Middleware middleware in exchange.Route!.Middlewares)
        {
            if (middleware is AiGuard guard)
            {
                return guard;
            }
        }

        return null;
    }

    /// <summary>What an exchange needs; given back with <see cref="Return"/>. The loop's thread only.</summary>
    public GuardWork Rent(int loopIndex, AiLoop loop)
    {
        Stack<GuardWork> spares = _spares[loopIndex] ??= new Stack<GuardWork>();
        GuardWork work = spares.TryPop(out GuardWork? spare) ? spare : new GuardWork(this, loop);
        work.Begin();
        return work;
    }

    public void Return(int loopIndex, GuardWork work)
    {
        work.Release();
        if (_spares[loopIndex]!.Count < SparesMax)
        {
            _spares[loopIndex]!.Push(work);
        }
    }

    public override Verdict OnRequest(Exchange exchange) => Verdict.Next;
}
