namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// What the open loop saw. Unanswered: sent or due, but without an answer two seconds after the end. Seen: answers or
/// events in all, those around the run too, which cost the proxy as much.
/// </summary>
internal sealed record OpenLoopResult(
    Histogram Latency, long Answered, long Errors, long Unanswered, double Seconds, long Seen);
