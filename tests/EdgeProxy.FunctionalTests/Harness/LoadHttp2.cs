using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// One connection of HTTP/2 over TLS that keeps some streams open, a new one for each that is answered, until GOAWAY
/// says that the proxy goes; then it waits for those that count.
/// </summary>
internal sealed class LoadHttp2(int port, TestKeys keys, string name, int streams)
{
    private static readonly string s_upload = new('u', LoadHttp1.UploadBytes);

    private readonly Dictionary<int, Call> _open = [];
    private int _nextId = 1;
    private bool _isLeft;

    public LoadTally Tally { get; } = new(name);

    public async Task RunAsync()
    {
        using Http2Wire wire = await Http2Wire.ConnectTlsAsync(port, keys);
        while (true)
        {
            while (!_isLeft && _open.Count < streams)
            {
                Begin(wire.Write);
            }

            await wire.SendAsync();
            if (await wire.NextAsync(_isLeft ? "the end" : "an answer") is not { } frame)
            {
                break;
            }

            Take(frame, wire.Write);
        }

        Assert.True(_isLeft, $"{name}: the connection ended without GOAWAY");
        Assert.Empty(_open.Values.Select(static call => call.Target));
    }

    private void Begin(FrameWriter write)
    {
        int id = _nextId;
        _nextId += 2;
        bool isUpload = Tally.IsUpload;
        string target = Tally.NextTarget();
        _open.Add(id, new Call(target));
        string[] fields =
        [
            isUpload ? ":method: POST" : ":method: GET", ":scheme: https", $":path: {target}", ":authority: a.test",
        ];
        if (isUpload)
        {
            write.Headers(id, isEnd: false, [.. fields, $"content-length: {LoadHttp1.UploadBytes}"])
                .Data(id, s_upload, isEnd: true);
        }
        else
        {
            write.Headers(id, isEnd: true, fields);
        }
    }

    private void Take(Frame frame, FrameWriter write)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Header.Has(FrameFlags.Ack):
                write.Frame(FrameType.Settings, FrameFlags.Ack, 0);
                break;
            case FrameType.Ping when !frame.Header.Has(FrameFlags.Ack):
                write.Frame(FrameType.Ping, FrameFlags.Ack, 0, frame.Payload);
                break;
            case FrameType.GoAway:
                TakeGoAway(frame);
                break;
            case FrameType.Headers or FrameType.Data:
                TakeAnswer(frame, write);
                break;
            case FrameType.ResetStream:
                Assert.Fail($"{name}: stream {frame.StreamId} was reset: {frame.Error}");
                break;
        }
    }

    // Streams behind the last that counts were not begun there, and never will be (RFC 9113 section 6.8).
    private void TakeGoAway(Frame frame)
    {
        Assert.Equal(Http2Error.None, frame.Error);
        _isLeft = true;
        Tally.TakeEnd();
        int last = BinaryPrimitives.ReadInt32BigEndian(frame.Payload) & int.MaxValue;
        foreach (int id in _open.Keys.Where(id => id > last).ToArray())
        {
            _open.Remove(id, out Call? call);
            Tally.TakeEnd(call!.Target);
        }
    }

    private void TakeAnswer(Frame frame, FrameWriter write)
    {
        Call call = _open[frame.StreamId];
        if (frame.Type == FrameType.Headers)
        {
            call.Head = frame;
        }
        else
        {
            call.Body.Append(frame.Text);
            if (frame.Payload.Length > 0)
            {
                write.Window(0, frame.Payload.Length);
            }
        }

        if (frame.IsEnd)
        {
            _open.Remove(frame.StreamId);
            Tally.Take(
                call.Target,
                int.Parse(call.Head!.Field(":status")!, null),
                call.Body.ToString(),
                call.Head.Field("x-config"));
        }
    }

    private sealed class Call(string target)
    {
        public string Target { get; } = target;

        public Frame? Head { get; set; }

        public StringBuilder Body { get; } = new();
    }
}
