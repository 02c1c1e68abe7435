using System;
using System.Globalization;
using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// A service that has what clients read instead of an error's own body, and the way it is asked: in the place of the
/// answer that was about to begin, with nothing of the request but the host it was for (Traefik CVE-2026-41181).
/// </summary>
internal sealed class ErrorPages
{
    /// <summary>In a path, stands for the status.</summary>
    public const string Placeholder = "{status}";

    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");
    private static readonly FieldName Allow = FieldName.Of("Allow");
    private static readonly FieldName[] Kept = [FieldName.Of("WWW-Authenticate"), Allow, RetryAfter];

    private readonly string _service;
    private readonly string _path;

    // By status; null for those that stay. What is answered if the service does not help.
    private readonly LocalAnswer?[] _otherwise;

    /// <param name="service">Its name.</param>
    /// <param name="path">A path of a request target, with <see cref="Placeholder"/> or without.</param>
    /// <param name="otherwise">By status.</param>
    public ErrorPages(string service, string path, LocalAnswer?[] otherwise)
    {
        _service = service;
        _path = path;
        _otherwise = otherwise;
    }

    /// <summary>
    /// An answer with <paramref name="status"/> is about to begin; true if the service is asked for another.
    /// </summary>
    public static bool TryAsk(Exchange exchange, int status)
    {
        if (exchange.ErrorPages is not { } pages || exchange.Call is not null || exchange.HasResponseStarted
            || (uint)status >= (uint)pages._otherwise.Length || pages._otherwise[status] is not { } otherwise
            || !exchange.Snapshot.Services.TryGetValue(pages._service, out ServiceNode? node)
            || node is not Service service || ConnectionBinding.IsStep(exchange))
        {
            return false;
        }

        if (exchange.LocalAnswer is { Allow.Length: > 0 } own)
        {
            exchange.ResponseEdits.Append(Allow, Encoding.ASCII.GetBytes(own.Allow));
        }

        exchange.LocalAnswer = null;
        if (exchange.Upstream is not null)
        {
            KeepFields(exchange, exchange.UpstreamSource.Unread);
            Answering.Discard(exchange);
        }

        byte[] path = Encoding.ASCII.GetBytes(pages._path.Replace(
            Placeholder, status.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        var call = new ErrorPageCall(status, path, otherwise);
        exchange.Hold(call.Body, budget: null);
        exchange.Hold(call.Output, budget: null);
        exchange.Call = call;
        exchange.InterimCount = 0;
        FurtherTries.SwitchTo(exchange, service);
        return true;
    }

    /// <summary>As above, of the answer that the exchange's fault would be.</summary>
    public static bool TryAskAfterFault(Exchange exchange)
    {
        if (exchange.ErrorPages is null || exchange.Fault.IsNone || exchange.Fault.Kind == FaultKind.ClientGone
            || exchange.Call is not null || exchange.HasResponseStarted
            || exchange.Phase is ExchangePhase.Local or ExchangePhase.Done)
        {
            return false;
        }

        Forwarder.Abandon(exchange);
        Fault fault = exchange.Fault;
        exchange.LocalAnswer = ErrorResponses.AnswerTo(exchange);
        if (!TryAsk(exchange, exchange.LocalAnswer.Status))
        {
            exchange.LocalAnswer = null;
            return false;
        }

        Recorder.CountFault(exchange.Shard.Counters, fault.Kind);
        return true;
    }

    /// <summary>Of the server's fields those stay that say what to do about the status.</summary>
    public static void KeepFields(Exchange exchange, ReadOnlySpan<byte> head)
    {
        foreach (ref readonly HeaderField field in exchange.Response.Fields)
        {
            foreach (FieldName name in Kept)
            {
                if (name.Is(field.Name.Of(head)))
                {
                    Keep(exchange.ResponseEdits, name, field.Value.Of(head));
                }
            }
        }
    }

    private static void Keep(HeaderEdits edits, FieldName name, ReadOnlySpan<byte> value)
    {
        if (ReferenceEquals(name, RetryAfter))
        {
            edits.Remove(name); // an answer of our own says when, too
        }

        edits.Append(name, value);
    }
}
