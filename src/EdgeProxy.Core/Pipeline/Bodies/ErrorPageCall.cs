using System;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// One question for an error's page: GET, or HEAD if the client asked that, without a body and without a field of the
/// client's. A 200 is passed on with the error's status, anything else leaves the answer to us.
/// </summary>
internal sealed class ErrorPageCall(int status, byte[] path, LocalAnswer otherwise) : BodyCall
{
    public override bool MayRepeat => true;

    public override int Status => status;

    public override ReadOnlySpan<byte> PagePath => path;

    public override Verdict OnBody(Exchange exchange) => Verdict.Next; // none is read

    public override void OnBodyRefused(Exchange exchange, bool isTooLong) => exchange.LocalAnswer = otherwise;

    public override bool Forwards(ReadOnlySpan<byte> fieldName) => false;

    public override void OnAnswer(Exchange exchange)
    {
        if (exchange.Response.StatusCode != 200)
        {
            exchange.LocalAnswer = otherwise;
        }
    }

    public override void Take(ReadOnlySpan<byte> payload)
    {
        // Passed on as it comes.
    }

    public override void TakeEnd()
    {
        // As above.
    }

    public override LocalAnswer AnswerTo(Exchange exchange, int ownStatus, string detail) => otherwise;

    public override void OnEnd(Exchange exchange) => ReleaseBodies();
}
