using System.Net.Sockets;
using System.Threading;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class TcpLinkEchoTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(32 * 1024)]
    [InlineData(100_000)]
    [InlineData(1024 * 1024)]
    public void Echo_AnySize_ReturnsEveryByte(int count)
    {
        using var host = new LoopHost(new EchoOwner());
        using Socket client = host.Dial();
        byte[] sent = LoopHost.Pattern(count);

        // The client writes all before it reads: the echo meets a full socket and has to wait for room.
        var writer = new Thread(() => client.Send(sent));
        writer.Start();
        byte[] received = LoopHost.Receive(client, count);
        writer.Join();

        Assert.Equal(sent, received);
    }

    [Fact]
    public void Echo_OneByteAtATime_ReturnsEveryByte()
    {
        using var host = new LoopHost(new EchoOwner { BlockBytes = 1 });
        using Socket client = host.Dial();
        byte[] sent = LoopHost.Pattern(500);

        foreach (byte one in sent)
        {
            client.Send([one]);
            Assert.Equal([one], LoopHost.Receive(client, 1));
        }
    }

    [Fact]
    public void Echo_ClientEndsItsDirection_RestArrivesAndThenTheEnd()
    {
        using var host = new LoopHost(new EchoOwner());
        using Socket client = host.Dial();
        byte[] sent = LoopHost.Pattern(200_000);

        var writer = new Thread(() =>
        {
            client.Send(sent);
            client.Shutdown(SocketShutdown.Send);
        });
        writer.Start();
        byte[] received = LoopHost.Receive(client, sent.Length + 1); // one more: reads until the end
        writer.Join();

        Assert.Equal(sent, received);
        Assert.Equal(0, host.On(loop => loop.Blocks.RentedCount));
    }

    [Fact]
    public void Echo_DataAndEndInOneSegment_BothAreSeen()
    {
        using var host = new LoopHost(new EchoOwner());

        // Often enough that the end arrives with the data, before, and after the read.
        for (int i = 0; i < 200; i++)
        {
            using Socket client = host.Dial();
            client.Send("x"u8);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal("x"u8.ToArray(), LoopHost.Receive(client, 2));
        }

        Assert.Equal(0, host.On(loop => loop.LinkCount));
    }
}
