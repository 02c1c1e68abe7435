using System;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>A proxy did not start or does not answer as it must; its row says so, and the run goes on.</summary>
internal sealed class PeerException(string message) : Exception(message);
