using EdgeProxy.Services;

namespace EdgeProxy.Pipeline;

/// <summary>
/// The server connections that a client's connection has for itself (<see cref="ConnectionBinding"/>); none by default.
/// The client's connection keeps them from one exchange to the next, and ends them when it ends.
/// </summary>
internal readonly record struct OwnConnections(ClientBond? Bond)
{
    public void End() => Bond?.End();
}
