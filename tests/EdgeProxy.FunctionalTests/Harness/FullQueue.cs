using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// An address that swallows connection attempts, as a dead host does: its queue of connections is full, nobody accepts,
/// and the kernel drops each further SYN.
/// </summary>
internal sealed class FullQueue : IDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _inQueue = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private FullQueue(IPEndPoint address) => _listening.Bind(address);

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    /// <param name="address">Of this machine.</param>
    /// <param name="port">0: one of its own.</param>
    public static async Task<FullQueue> StartAsync(string address = "127.0.0.1", int port = 0)
    {
        var at = new IPEndPoint(IPAddress.Parse(address), port > 0 ? port : Ports.Next());
        var queue = new FullQueue(at);
        queue._listening.Listen(0); // room for one
        await queue._inQueue.ConnectAsync(at).Within("the first connection");
        await Eventually.TrueAsync(() => LengthOf(at) == 1, "the connection to be queued");
        return queue;
    }

    /// <summary>
    /// Accepts from now on, until somebody says something, who is answered: whoever was dropped tries again, and the
    /// one in the queue says nothing.
    /// </summary>
    public async Task AnswerOneAsync(string answer)
    {
        _inQueue.Dispose();
        byte[] head = new byte[4096];
        bool isAnswered = false;
        while (!isAnswered)
        {
            using Socket accepted = await _listening.AcceptAsync().Within("a connection");
            isAnswered = await accepted.ReceiveAsync(head).Within("a request, or the end") > 0;
            if (isAnswered)
            {
                await accepted.SendAsync(Encoding.Latin1.GetBytes(answer));
            }
        }
    }

    public void Dispose()
    {
        _inQueue.Dispose();
        _listening.Dispose();
    }

    // proc(5): of a socket that listens (state 0A) the second queue is that of connections.
    private static int LengthOf(IPEndPoint address)
    {
        byte[] bytes = address.Address.GetAddressBytes();
        string local = $"{bytes[3]:X2}{bytes[2]:X2}{bytes[1]:X2}{bytes[0]:X2}:{address.Port:X4}";
        string? line = File.ReadLines("/proc/self/net/tcp").FirstOrDefault(
            line => line.Contains($": {local} ", StringComparison.Ordinal)
                && line.Contains(" 0A ", StringComparison.Ordinal));
        string[] words = line?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 4 ? int.Parse(words[4].Split(':')[1], NumberStyles.HexNumber, null) : -1;
    }
}
