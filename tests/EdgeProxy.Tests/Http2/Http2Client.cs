using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>A client of HTTP/2 over memory, at an engine that the test turns.</summary>
internal sealed class Http2Client
{
    private readonly Engine _engine;
    private readonly FrameParser _parser = new();

    public Http2Client(Engine engine, MemoryLink? link = null, bool isGreeting = true)
    {
        _engine = engine;
        Link = link ?? new MemoryLink();
        Accept(engine, Link);
        if (isGreeting)
        {
            Send(Write.Preface());
        }
    }

    public MemoryLink Link { get; }

    /// <summary>As after a handshake that chose HTTP/2.</summary>
    public static void Accept(Engine engine, ByteLink link)
    {
        Assert.True(engine.EntryPoint.Limiter.TryEnter(link.RemoteAddress, int.MaxValue, 0));
        engine.EntryPoint.ServeHttp2(engine.Shard, link);
    }

    public FrameWriter Write { get; } = new();

    /// <summary>What came so far.</summary>
    public List<Frame> Frames
    {
        get
        {
            _parser.Feed(Link.TakeWritten());
            return _parser.Frames;
        }
    }

    public void Send(FrameWriter writer)
    {
        Link.Feed(writer.Take());
        _engine.Turn();
    }

    public IEnumerable<Frame> Of(int id) => Frames.Where(frame => frame.StreamId == id);

    /// <summary>Final status of a stream; 0 while there is none.</summary>
    public int Status(int id) => Of(id).Where(static frame => frame.Type == FrameType.Headers)
        .Select(static frame => int.Parse(frame.Field(":status") ?? "0")).FirstOrDefault(static status => status >= 200);

    public string Body(int id) => string.Concat(
        Of(id).Where(static frame => frame.Type == FrameType.Data).Select(static frame => frame.Text));

    public bool HasEnded(int id) => Of(id).Any(static frame => frame.IsEnd);

    public Http2Error? ResetOf(int id) =>
        Of(id).FirstOrDefault(static frame => frame.Type == FrameType.ResetStream)?.Error;

    public Http2Error? GoAway => Frames.FirstOrDefault(static frame => frame.Type == FrameType.GoAway)?.Error;

    /// <summary>What a server of HTTP/1.1 answers, with a body.</summary>
    public static string Answer(string body, string more = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\n{more}\r\n{body}";
}
