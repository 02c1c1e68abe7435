using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A client of HTTP/1.1 over TLS that asks, and asks again, until the proxy goes.</summary>
internal sealed class LoadHttp1(int port, TestKeys keys, string name)
{
    public const int UploadBytes = 2000;

    // Then it begins a connection of its own accord, so that there are handshakes all the time.
    private const int RequestsPerConnection = 20;

    private static readonly string s_upload = new('u', UploadBytes);

    public LoadTally Tally { get; } = new(name);

    /// <summary>Ends when the proxy says that an answer is the last one, or takes no connection any more.</summary>
    public async Task RunAsync()
    {
        bool goesOn = true;
        while (goesOn && await TryConnectAsync() is { } client)
        {
            using (client)
            {
                for (int i = 0; i < RequestsPerConnection && goesOn; i++)
                {
                    goesOn = await AskAsync(client);
                }
            }
        }
    }

    /// <summary>One request on a connection of its own, which the proxy is to end.</summary>
    public async Task LastAsync()
    {
        using RawClient client = await ConnectAsync();
        Assert.False(await AskAsync(client));
    }

    private Task<RawClient> ConnectAsync() => RawClient.ConnectTlsAsync(
        port, keys, static ask => ask.ApplicationProtocols = [SslApplicationProtocol.Http11]);

    private async Task<RawClient?> TryConnectAsync()
    {
        try
        {
            return await ConnectAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            Tally.TakeEnd();
            return null;
        }
    }

    // False if it was the connection's last.
    private async Task<bool> AskAsync(RawClient client)
    {
        string request = Tally.IsUpload
            ? $"POST {{0}} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {UploadBytes}\r\n\r\n{s_upload}"
            : "GET {0} HTTP/1.1\r\nHost: a.test\r\n\r\n";
        string target = Tally.NextTarget();
        RawResponse answer;
        try
        {
            answer = await client.RequestAsync(request.Replace("{0}", target, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Tally.TakeEnd(target);
            return false;
        }

        Assert.True(answer.IsWhole);
        Tally.Take(target, answer.Status, answer.BodyText, answer.Header("X-Config"));
        if (!answer.Head.Lists("Connection", "close"))
        {
            return true;
        }

        Tally.TakeEnd();
        Assert.Empty(await client.ReadToEndAsync());
        return false;
    }
}
