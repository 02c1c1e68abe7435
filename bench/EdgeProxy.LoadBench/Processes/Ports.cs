using System.Net;
using System.Net.Sockets;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>Ports nobody has, below the range the kernel takes outgoing ports from.</summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static int s_next = First;

    public static int Free()
    {
        while (true)
        {
            int port = s_next++;
            s_next = s_next > Last ? First : s_next;
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
