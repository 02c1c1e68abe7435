using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>How a probe ended.</summary>
/// <param name="Text">For people: "status 200", "closed without an answer".</param>
internal readonly record struct ProbeOutcome(bool IsGood, string Text)
{
    public static ProbeOutcome Good(string text) => new(true, text);

    public static ProbeOutcome Bad(string text) => new(false, text);
}

/// <summary>
/// What a probe says on its connection and what it makes of the answer. One for each <see cref="Probe"/>, used again
/// each time; on the probe's loop.
/// </summary>
internal abstract class ProbeTalk
{
    /// <summary>A connection is there.</summary>
    public abstract void Begin(ByteLink link);

    /// <summary>Goes on as far as the link allows; null while it waits.</summary>
    public abstract ProbeOutcome? Advance(ByteLink link);

    /// <summary>Lets go of everything, wherever it is.</summary>
    public abstract void End();

    public static ProbeTalk Of(HealthCheckSettings settings, Server server, bool isTls, EpollLoop loop) =>
        settings.Kind switch
        {
            ProbeKind.Tcp => new TcpTalk(),
            ProbeKind.Grpc => new GrpcTalk(settings, server, isTls, loop),
            _ => new HttpTalk(settings, server, loop),
        };
}

/// <summary>A connection is enough.</summary>
internal sealed class TcpTalk : ProbeTalk
{
    public override void Begin(ByteLink link)
    {
    }

    public override ProbeOutcome? Advance(ByteLink link) => ProbeOutcome.Good("connected");

    public override void End()
    {
    }
}
