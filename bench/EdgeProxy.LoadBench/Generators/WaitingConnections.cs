using System;
using System.Collections.Generic;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>Connections that asked, read together until enough of them have what they asked for.</summary>
internal sealed class WaitingConnections : IDisposable
{
    private const long AnswerWaitNs = 5_000_000_000;

    private readonly EventLoop _loop = new();
    private readonly Dictionary<int, ClientConnection> _byFd = [];

    public void Add(ClientConnection connection)
    {
        _byFd[connection.Fd] = connection;
        _loop.Add(connection.Fd);
    }

    /// <summary>
    /// Reads until that many are there, or nothing comes any more, or one was cut; how many were.
    /// </summary>
    /// <param name="isThere">By the bytes a connection had before and has now; true once for each.</param>
    public int Read(int wanted, Func<int, int, bool> isThere)
    {
        Span<byte> scratch = stackalloc byte[2048];
        int there = 0;
        while (there < wanted)
        {
            int ready = _loop.Wait(AnswerWaitNs);
            if (ready == 0)
            {
                break;
            }

            for (int i = 0; i < ready; i++)
            {
                ClientConnection connection = _byFd[_loop.ReadyFd(i)];
                int read = OriginConnection.Receive(connection.Fd, scratch);
                if (read <= 0)
                {
                    return there; // it was cut: the count says so
                }

                int before = connection.Have;
                connection.Have += read;
                there += isThere(before, connection.Have) ? 1 : 0;
            }
        }

        return there;
    }

    public void Dispose() => _loop.Dispose();
}
