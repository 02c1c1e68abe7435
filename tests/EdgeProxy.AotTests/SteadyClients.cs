using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// Connections that ask side by side, kept from the load that warms up to the one that is counted: what the proxy
/// allocates for a connection is then no part of what is counted.
/// </summary>
internal sealed class SteadyClients : IDisposable
{
    private const int Count = 8;

    private readonly RawClient[] _clients = new RawClient[Count];

    private SteadyClients()
    {
    }

    public static async Task<SteadyClients> ConnectAsync(int port)
    {
        var made = new SteadyClients();
        try
        {
            for (int i = 0; i < Count; i++)
            {
                made._clients[i] = await RawClient.ConnectAsync(port);
            }

            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>So many requests, each connection its share, all of which are answered by 200.</summary>
    public Task LoadAsync(int requests, string request) =>
        Task.WhenAll(_clients.Select(client => Task.Run(async () =>
        {
            for (int i = 0; i < requests / Count; i++)
            {
                Assert.Equal(200, (await client.RequestAsync(request)).Status);
            }
        })));

    public void Dispose()
    {
        foreach (RawClient? client in _clients)
        {
            client?.Dispose();
        }
    }
}
