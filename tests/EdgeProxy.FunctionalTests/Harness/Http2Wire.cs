using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A client that speaks HTTP/2 frame by frame and keeps to no rule but the test's.</summary>
internal sealed class Http2Wire : IDisposable
{
    private readonly RawClient _client;
    private readonly FrameParser _parser = new();
    private int _taken;

    private Http2Wire(RawClient client)
    {
        _client = client;
    }

    public FrameWriter Write { get; } = new();

    public IReadOnlyList<Frame> Frames => _parser.Frames;

    public bool IsEnded => _client.Wire.IsEnded;

    public static async Task<Http2Wire> ConnectAsync(int port)
    {
        var wire = new Http2Wire(await RawClient.ConnectAsync(port));
        wire.Write.Preface();
        await wire.SendAsync();
        return wire;
    }

    public static async Task<Http2Wire> ConnectTlsAsync(
        int port, TestKeys keys, X509Certificate2? own = null, string host = "a.test")
    {
        var wire = new Http2Wire(await RawClient.ConnectTlsAsync(port, keys, ask =>
        {
            ask.TargetHost = host;
            ask.ApplicationProtocols = [SslApplicationProtocol.Http2];
            ask.ClientCertificateContext =
                own is null ? null : SslStreamCertificateContext.Create(own, null, offline: true);
        }));
        wire.Write.Preface();
        await wire.SendAsync();
        return wire;
    }

    /// <summary>Sends what was written; a connection that the proxy ended takes nothing and is no fault.</summary>
    public async Task SendAsync()
    {
        try
        {
            await _client.SendAsync(Write.Take());
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or System.IO.IOException)
        {
        }
    }

    /// <summary>Reads until a frame is what is waited for; null at the end of the connection.</summary>
    public async Task<Frame?> ReadUntilAsync(Func<Frame, bool> isWanted, string what, TimeSpan? limit = null)
    {
        Frame? found;
        while ((found = _parser.Frames.FirstOrDefault(isWanted)) is null)
        {
            byte[] bytes = await _client.Wire.ReadSomeAsync(what, limit);
            if (bytes.Length == 0)
            {
                return null;
            }

            _parser.Feed(bytes);
        }

        return found;
    }

    /// <summary>The next frame in the order they came; null at the end of the connection.</summary>
    public async Task<Frame?> NextAsync(string what)
    {
        while (_taken == _parser.Frames.Count)
        {
            byte[] bytes = await _client.Wire.ReadSomeAsync(what);
            if (bytes.Length == 0)
            {
                return null;
            }

            _parser.Feed(bytes);
        }

        return _parser.Frames[_taken++];
    }

    public Task<Frame?> EndOfAsync(int id) =>
        ReadUntilAsync(frame => frame.StreamId == id && frame.IsEnd, $"the end of stream {id}");

    public async Task<Http2Error?> GoAwayAsync() =>
        (await ReadUntilAsync(static frame => frame.Type == FrameType.GoAway, "GOAWAY"))?.Error;

    public int Status(int id) => _parser.Frames
        .Where(frame => frame.StreamId == id && frame.Type == FrameType.Headers)
        .Select(static frame => int.Parse(frame.Field(":status") ?? "0", null)).FirstOrDefault(static s => s >= 200);

    public string Body(int id) => string.Concat(
        _parser.Frames.Where(frame => frame.StreamId == id && frame.Type == FrameType.Data)
            .Select(static frame => frame.Text));

    public void Dispose() => _client.Dispose();
}
