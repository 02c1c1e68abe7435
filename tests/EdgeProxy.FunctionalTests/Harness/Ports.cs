using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Ports for servers, and for programs that are told where to accept. They lie below the kernel's ephemeral range
/// (32768 on), so no outgoing connection can take one between the look and the use, and none to a port where nobody
/// accepts can meet itself. Each process has blocks of its own, and no port comes twice before all others have: ten
/// blocks are more than a whole run asks for, so that a proxy which still looks for the dead server of one test does
/// not find the proxy of another at its address.
/// </summary>
internal static class Ports
{
    private const int First = 10_300;
    private const int BlockSize = 1_000;
    private const int BlockCount = 22;
    private const int OwnBlocksMax = 10;

    private static readonly Lock s_turn = new();

    // The lock on a block's file, and with it the claim, ends with the process.
    private static readonly List<(int First, FileStream Claim)> s_own = [];
    private static int s_given;

    public static int Next()
    {
        lock (s_turn)
        {
            for (int looked = 0; looked < BlockCount * BlockSize; looked++)
            {
                if (s_given == s_own.Count * BlockSize && (s_own.Count == OwnBlocksMax || !TryClaim()))
                {
                    s_given = 0;
                }

                int port = s_own[s_given / BlockSize].First + (s_given % BlockSize);
                s_given++;
                if (IsFree(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException("no port is free");
    }

    // The first block is waited for by nobody: without one there are too many tests at once.
    private static bool TryClaim()
    {
        for (int i = 0; i < BlockCount; i++)
        {
            int block = (Environment.ProcessId + i) % BlockCount;
            string path = Path.Combine(Path.GetTempPath(), $"edgeproxy-test-ports-{block}");
            try
            {
                var claim = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                s_own.Add((First + (block * BlockSize), claim));
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process, or another user, has it.
            }
        }

        return s_own.Count > 0
            ? false
            : throw new InvalidOperationException($"all {BlockCount} blocks of ports are taken by other tests");
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
