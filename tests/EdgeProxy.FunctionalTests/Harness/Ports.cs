using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Ports for programs that are told where to accept. They lie below the kernel's ephemeral range (32768 on), so no
/// outgoing connection of a test running beside can take one between the look and the use.
/// </summary>
internal static class Ports
{
    private const int First = 10_300;
    private const int Count = 22_000;
    private const int BlockSize = 500;

    // Test assemblies run side by side: each process starts in a block of its own.
    private static int s_next = Environment.ProcessId % (Count / BlockSize) * BlockSize;

    public static int Next()
    {
        while (true)
        {
            int port = First + (Interlocked.Increment(ref s_next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
