using System;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Routing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Steps (2) and (3) of a request for which a Model() decides between routers (decision 140): the middlewares that all
/// of them begin with, then the body, in which the model is, then the router's other middlewares.
/// </summary>
internal static class ModelRouting
{
    /// <summary>The candidates are known.</summary>
    public static void Begin(Exchange exchange, PathTraits traits)
    {
        ModelChoice choice = exchange.ModelChoice;
        choice.Traits = traits;
        choice.SharedSteps = SharedSteps(exchange.Snapshot.Routes, choice.Routes);
    }

    /// <summary>What they share let the request pass.</summary>
    public static void Start(Exchange exchange)
    {
        if (exchange.Route!.Service is not BodyService first || !first.NamesModel(exchange))
        {
            Take(exchange, exchange.ModelChoice.Routes.Decide(default));
            return;
        }

        exchange.ModelChoice.IsReading = true;
        Verdict verdict = WholeRequest.Read(
            exchange, Reader.Instance, Math.Min(first.BodyBytesMax, WholeBodies.BytesMax), first.BudgetOf(exchange));
        if (verdict != Verdict.Pending)
        {
            Resume(exchange, verdict);
        }
    }

    /// <summary>The body is there, or was not taken.</summary>
    public static void Resume(Exchange exchange, Verdict verdict)
    {
        ModelChoice choice = exchange.ModelChoice;
        choice.IsReading = false;
        if (verdict == Verdict.Answered)
        {
            var first = (BodyService)exchange.Route!.Service;
            exchange.LocalAnswer = first.Refusal(exchange, exchange.LocalAnswer!.Status);
            choice.Routes.Reset();
            RequestPipeline.StartAnswer(exchange);
            return;
        }

        // A body with no model to be read in it is refused by the first router's service, which says why: it goes to
        // nobody who might read it otherwise.
        Span<byte> model = stackalloc byte[JsonText.BytesMax];
        int length = ReadModel(exchange.ClientSource, model);
        Take(exchange, length < 0 ? choice.Routes[0] : choice.Routes.Decide(model[..length]));
    }

    private static void Take(Exchange exchange, int number)
    {
        ModelChoice choice = exchange.ModelChoice;
        choice.Routes.Reset();
        if (number < 0)
        {
            Refuse(exchange);
            return;
        }

        Route route = exchange.Snapshot.Routes[number];
        if (route != exchange.Route)
        {
            exchange.Route = route;
            exchange.Audit?.Reroute(exchange);
            exchange.Record.Reroute(exchange);
        }

        RejectReason refusal = CanonicalPath.Refusal(choice.Traits, (PathTraits)route.AllowEncoded);
        if (refusal != RejectReason.None)
        {
            exchange.RejectReason = refusal;
            exchange.Fault = Fault.Rejected;
        }
        else if (AuditLane.HasNoRoomForPayloads(exchange))
        {
            exchange.Fault = Fault.AuditStuck;
        }
        else
        {
            RequestPipeline.StartSteps(exchange);
        }
    }

    // It is told under the name of the first that might have taken it: what they share was asked already.
    private static void Refuse(Exchange exchange)
    {
        if (exchange.Route!.Service is BodyService first && first.NamesModel(exchange))
        {
            exchange.LocalAnswer = first.Refusal(exchange, 404);
            RequestPipeline.StartAnswer(exchange);
        }
        else
        {
            exchange.Fault = Fault.NoRoute;
        }
    }

    private static int SharedSteps(Route[] routes, OpenRoutes candidates)
    {
        Middleware[] first = routes[candidates[0]].Middlewares;
        int shared = first.Length;
        for (int i = 1; i < candidates.Count; i++)
        {
            Middleware[] other = routes[candidates[i]].Middlewares;
            int same = 0;
            while (same < Math.Min(shared, other.Length) && first[same] == other[same])
            {
                same++;
            }

            shared = same;
        }

        return shared;
    }

    // The member model of the text's object, once and a short string; else -1. The body stays as it is.
    private static int ReadModel(MessageSource source, Span<byte> model)
    {
        var scanner = default(JsonScanner);
        int length = -1;
        bool isNext = false;
        bool isFit = true;
        while (source.Next(out ReadOnlySpan<byte> payload) == BodyStep.Data)
        {
            int at = 0;
            while (isFit && at < payload.Length)
            {
                switch (scanner.Next(payload, ref at))
                {
                    case JsonToken.NeedMore:
                        break;
                    case JsonToken.Malformed:
                        isFit = false;
                        break;
                    case JsonToken.Name:
                        isNext = scanner.Depth == 1 && scanner.Text is { IsShort: true } name
                            && name.Span.SequenceEqual("model"u8);
                        break;
                    case JsonToken.String when isNext && length < 0 && scanner.Text is { IsShort: true, Length: > 0 }:
                        length = scanner.Text.Length;
                        scanner.Text.Span.CopyTo(model);
                        isNext = false;
                        break;
                    default:
                        isFit &= !isNext;
                        break;
                }
            }

            source.Advance(payload.Length);
        }

        source.Rewind();
        return isFit && scanner.IsComplete ? length : -1;
    }

    /// <summary>Waits for the body.</summary>
    private sealed class Reader : Middleware
    {
        public static Reader Instance { get; } = new();

        public override Verdict OnRequest(Exchange exchange) => Verdict.Next;
    }
}
