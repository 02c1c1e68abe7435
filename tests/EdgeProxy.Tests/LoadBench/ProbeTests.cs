using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using Xunit;

namespace EdgeProxy.Tests.LoadBench;

public sealed class ProbeTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    private const string Chunks = "5\r\nab\r\n0\r\n4\r\n\r\n0\r\n0\r\n\r\n";

    [Fact]
    public async Task Ask_OfAStream_CountsItToItsLastChunk()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        ProbeRequest request = ProbeRequest.Chat("s", 10) with { IsStream = true };
        Task served = ServeAsync(listener, request.Bytes.Length);

        ProbeAnswer answer = Probe.Ask(((IPEndPoint)listener.LocalEndpoint).Port, request);
        await served;

        Assert.Equal(new ProbeAnswer(200, Head.Length, Chunks.Length), answer);
    }

    // A byte at a time, so that what looks like an end comes alone, too.
    private static async Task ServeAsync(TcpListener listener, int requestBytes)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        client.NoDelay = true;
        NetworkStream stream = client.GetStream();
        await stream.ReadExactlyAsync(new byte[requestBytes], TestContext.Current.CancellationToken);
        foreach (byte octet in Encoding.Latin1.GetBytes(Head + Chunks))
        {
            await stream.WriteAsync(new[] { octet }, TestContext.Current.CancellationToken);
        }
    }
}
