using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Host;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>A connection that asks, and the owner of it and its streams.</summary>
internal sealed class Asking : IHttp2Owner, ILinkOwner, IDisposable
{
    private readonly FrameParser _parser = new();
    private readonly ManualTime _time = new();
    private readonly EpollLoop _loop;
    private int _skip = Http2Connection.Preface.Length;

    public Asking()
    {
        _loop = new EpollLoop(0, _time);
        _loop.RunOnce(0);
        Connection = new Http2Connection(Link, this, _loop.Streams, new Http2Terms { IsServer = false });
        Connection.Start();
    }

    public MemoryLink Link { get; } = new();

    public Http2Connection Connection { get; }

    /// <summary>What the owner of streams does when one has news.</summary>
    public Action<Http2Stream>? Ready { get; init; }

    public long NowMs => _loop.NowMs;

    public bool HasEnded { get; private set; }

    public List<Frame> Frames
    {
        get
        {
            byte[] written = Link.TakeWritten();
            int skipped = Math.Min(_skip, written.Length);
            _skip -= skipped;
            _parser.Feed(written.AsSpan(skipped));
            return _parser.Frames;
        }
    }

    public Http2Stream Ask(string text)
    {
        Http2Stream stream = Connection.Open(this);
        Write(stream, text);
        Turn();
        return stream;
    }

    public static void Write(Http2Stream stream, string text)
    {
        Assert.Equal(
            LinkStatus.Ok, stream.TryWrite(Encoding.Latin1.GetBytes(text), default, default, out int count));
        Assert.Equal(text.Length, count);
    }

    public static string Read(Http2Stream stream)
    {
        var text = new StringBuilder();
        byte[] room = new byte[700];
        while (stream.TryRead(room, out int count) == LinkStatus.Ok)
        {
            text.Append(Encoding.Latin1.GetString(room, 0, count));
        }

        return text.ToString();
    }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Link.Feed(bytes);
        }

        Turn();
    }

    /// <summary>The time of the next turn.</summary>
    public void Pass(int ms)
    {
        _time.Advance(TimeSpan.FromMilliseconds(ms));
        Turn();
    }

    public void Turn() => MemoryLink.InTurn(() => _loop.RunOnce(0));

    public void OnLinkReady(ByteLink link) => Ready?.Invoke((Http2Stream)link);

    public void OnStream(Http2Connection connection, Http2Stream stream) => Assert.Fail("nobody asks a client");

    public void OnStreamEnded(Http2Connection connection)
    {
    }

    public void OnTurn(Http2Connection connection)
    {
    }

    public void OnEnded(Http2Connection connection, Http2End end, Http2Error error) => HasEnded = true;

    public void Dispose()
    {
        Connection.Cut(Http2End.Asked);
        (int streams, int blocks) = (_loop.Streams.RentedCount, _loop.Blocks.RentedCount);
        _loop.Dispose();
        Assert.Equal((0, 0), (streams, blocks));
    }
}
