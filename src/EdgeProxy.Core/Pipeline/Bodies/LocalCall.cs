using System;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>Reads the body of a request that a service inside the proxy answers.</summary>
internal sealed class LocalCall : BodyCall
{
    private static readonly LocalAnswer s_tooLong =
        new(413, "text/plain; charset=utf-8", "the body is too long\n"u8.ToArray());

    private static readonly LocalAnswer s_noMemory =
        new(503, "text/plain; charset=utf-8", "too many bodies are read just now\n"u8.ToArray());

    private readonly Func<Exchange, ReadOnlyMemory<byte>, Verdict> _onBody;

    public LocalCall(int bodyBytesMax, Func<Exchange, ReadOnlyMemory<byte>, Verdict> onBody)
    {
        BodyBytesMax = bodyBytesMax;
        _onBody = onBody;
    }

    public override Verdict OnBody(Exchange exchange) => _onBody(exchange, Body.Bytes.ToArray());

    public override void OnBodyRefused(Exchange exchange, bool isTooLong) =>
        exchange.LocalAnswer = isTooLong ? s_tooLong : s_noMemory;

    public override bool Forwards(ReadOnlySpan<byte> fieldName) => false;

    public override void OnAnswer(Exchange exchange)
    {
        // No server is asked.
    }

    public override void Take(ReadOnlySpan<byte> payload)
    {
        // Nor does one answer.
    }

    public override void TakeEnd()
    {
        // As above.
    }

    public override LocalAnswer? AnswerTo(Exchange exchange, int status, string detail) => null;

    public override void OnEnd(Exchange exchange) => Body.Release();
}
