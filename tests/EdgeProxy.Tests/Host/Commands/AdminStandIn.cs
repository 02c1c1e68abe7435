using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace EdgeProxy.Tests.Host.Commands;

/// <summary>
/// Somebody on an admin address: takes one connection, remembers the request, says what it was told to.
/// </summary>
internal sealed class AdminStandIn : IDisposable
{
    private readonly TcpListener _socket = new(IPAddress.Loopback, 0);

    public AdminStandIn(string answer)
    {
        _socket.Start();
        Port = ((IPEndPoint)_socket.LocalEndpoint).Port;
        Request = AnswerAsync(answer);
    }

    public int Port { get; }

    public Task<string> Request { get; }

    public void Dispose() => _socket.Dispose();

    private async Task<string> AnswerAsync(string answer)
    {
        using Socket accepted = await _socket.AcceptSocketAsync();
        byte[] buffer = new byte[8192];
        int filled = 0;
        while (!buffer.AsSpan(0, filled).EndsWith("\r\n\r\n"u8))
        {
            filled += await accepted.ReceiveAsync(buffer.AsMemory(filled));
        }

        await accepted.SendAsync(Encoding.UTF8.GetBytes(answer));
        return Encoding.UTF8.GetString(buffer, 0, filled);
    }
}
