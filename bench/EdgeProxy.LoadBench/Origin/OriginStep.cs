namespace EdgeProxy.LoadBench.Origin;

/// <summary>What is to be done after bytes of a client were read.</summary>
internal enum OriginStep
{
    Wait,
    AnswerLater,
    Stream,
    Closed,
}
