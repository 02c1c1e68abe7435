using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport;

namespace EdgeProxy.Services;

/// <summary>
/// One connection to a server. Owned by the exchange that rented it, or by its <see cref="ServerPool"/> while idle; the
/// link's owner is always the same one. Stays on the loop that opened it.
/// </summary>
internal sealed class UpstreamConnection(ServerPool pool)
{
    public ServerPool Pool { get; } = pool;

    public Server Server => Pool.Server;

    public ByteLink Link { get; set; } = null!;

    /// <summary>An exchange was answered on it before: it may be stale.</summary>
    public bool IsReused { get; set; }

    /// <summary>Whom the server was told it serves; nobody where it is told nothing.</summary>
    public ConnectionEnds Client { get; init; }

    /// <summary>A client authenticated it, or was asked to: it serves that one's connection and no other.</summary>
    public bool IsBound { get; set; }

    /// <summary>Whose it is, while it is idle and bound.</summary>
    public ClientBond? Bond { get; set; }

    public long IdleSinceMs { get; set; }

    /// <summary>It ended, or has bytes nobody asked for.</summary>
    public bool IsOver => Link.HasEnded || Link.HasUnread() || Link.IsBroken;

    /// <summary>It is idle no more.</summary>
    public void LeaveBond()
    {
        Bond?.Remove(this);
        Bond = null;
    }
}
