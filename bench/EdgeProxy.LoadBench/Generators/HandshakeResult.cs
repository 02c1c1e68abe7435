namespace EdgeProxy.LoadBench.Generators;

/// <summary>What one run of <see cref="Handshakes"/> saw.</summary>
/// <param name="Answered">Connections whose answer was whole.</param>
/// <param name="Bytes">Bytes of those answers.</param>
/// <param name="Unlike">Handshakes that were resumed and should be full, or the other way round.</param>
/// <param name="Errors">Connections that failed: connecting, in the handshake, or before the end of the answer.</param>
/// <param name="Latency">From connecting to the last byte of the answer, ns.</param>
internal sealed record HandshakeResult(
    long Answered, long Bytes, long Unlike, long Errors, double Seconds, Histogram Latency, string FirstError);
