using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>
/// Listening sockets the service manager hands over at start (sd_listen_fds(3)): those of a socket unit, and those we
/// gave it to keep (FileDescriptorStoreMax= in systemd.service(5)), so that over a restart no client is refused: it
/// waits in the kernel's queue for the next process. Belongs to whoever applies configurations; not thread-safe.
/// </summary>
internal sealed class InheritedSockets
{
    private const int FirstDescriptor = 3; // SD_LISTEN_FDS_START
    private const int DescriptorsMax = 1024;
    private const string KeptPrefix = "kept-";

    private readonly SystemdNotifier _systemd;
    private readonly List<(string Name, ListenSocket Socket)> _waiting = [];

    public InheritedSockets(
        Func<string, string?> variable, SystemdNotifier systemd, int firstDescriptor = FirstDescriptor)
    {
        _systemd = systemd;
        string processId = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (variable("LISTEN_PID") != processId
            || !int.TryParse(variable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return;
        }

        string[] names = (variable("LISTEN_FDNAMES") ?? "").Split(':');
        for (int i = 0; i < Math.Min(count, DescriptorsMax); i++)
        {
            string name = i < names.Length ? names[i] : "";
            if (ListenSocket.TryAdopt(firstDescriptor + i, ListenSocket.BacklogDefault) is { } socket)
            {
                _waiting.Add((name, socket));
            }
            else
            {
                Forget(name);
            }
        }
    }

    /// <summary>
    /// The socket for an entrypoint: one of a socket unit with its name (FileDescriptorName=), whatever its address,
    /// else one that listens where it is to listen. Null for none.
    /// </summary>
    public ListenSocket? Take(string entryPoint, IPEndPoint address)
    {
        int index = _waiting.FindIndex(w => w.Name == entryPoint);
        if (index < 0)
        {
            index = _waiting.FindIndex(w => w.Socket.Address.Equals(address));
        }

        if (index < 0)
        {
            return null;
        }

        ListenSocket socket = _waiting[index].Socket;
        _waiting.RemoveAt(index);
        return socket;
    }

    /// <summary>The configuration is in use: what no entrypoint took is closed, and kept no longer.</summary>
    public void CloseRest()
    {
        foreach ((string name, ListenSocket socket) in _waiting)
        {
            _ = socket.StopAcceptingAsync();
            Forget(name);
        }

        _waiting.Clear();
    }

    /// <summary>Asks the service manager to hold a socket we opened open over a restart.</summary>
    public void Keep(ListenSocket socket) => _systemd.StoreDescriptor(socket.Fd, NameOf(socket.Address));

    /// <summary>Its entrypoint left the configuration.</summary>
    public void Drop(IPEndPoint address) => _systemd.ForgetDescriptor(NameOf(address));

    // What is of no use to us is not handed over once more at the next start.
    private void Forget(string name)
    {
        if (name.StartsWith(KeptPrefix, StringComparison.Ordinal))
        {
            _systemd.ForgetDescriptor(name);
        }
    }

    // A name has no colon (sd_pid_notify_with_fds(3)), and no address an underscore.
    private static string NameOf(IPEndPoint address) =>
        KeptPrefix + address.ToString().Replace(':', '_');
}
