using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Tests.Primitives.Http;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// A server behind the engine, over memory: reads requests by the letter of RFC 9112, with readers that are not the
/// product's, and answers each with an empty 200. What is not canonical is a <see cref="FormatException"/>.
/// </summary>
internal sealed class ScriptedServer(Engine engine)
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static readonly byte[] s_answer = Encoding.ASCII.GetBytes(Answer);

    /// <summary>Start lines of the requests whose head came.</summary>
    public List<string> Heads { get; } = [];

    /// <summary>Start lines of the requests that came whole.</summary>
    public List<string> Whole { get; } = [];

    /// <summary>Sees to it that so many idle connections are in the pool.</summary>
    public void KeepIdle(int count)
    {
        while (engine.Pool.IdleCount < count)
        {
            (MemoryLink proxys, MemoryLink ours) = MemoryLink.Pair();
            ours.Owner = new Connection(this);
            engine.Idle(proxys);
        }
    }

    private sealed class Connection(ScriptedServer server) : ILinkOwner
    {
        private readonly byte[] _block = new byte[16 * 1024];
        private string _unread = "";
        private WireHead? _head;

        public void OnLinkReady(ByteLink link)
        {
            LinkStatus status;
            while ((status = link.TryRead(_block, out int count)) == LinkStatus.Ok)
            {
                _unread += Encoding.Latin1.GetString(_block, 0, count);
            }

            while (TakeHead() && TakeBody())
            {
                server.Whole.Add(_head!.StartLine);
                _head = null;
                link.TryWrite(s_answer, default, default, out _);
            }

            if (status != LinkStatus.WouldBlock)
            {
                link.Close();
            }
        }

        private bool TakeHead()
        {
            int end = _head is null ? _unread.IndexOf("\r\n\r\n", StringComparison.Ordinal) : -1;
            if (end >= 0)
            {
                _head = WireHead.Parse(_unread[..(end + 4)]);
                _unread = _unread[(end + 4)..];
                server.Heads.Add(_head.StartLine);
                if (_head.StartLine.Split(' ') is not [_, _, "HTTP/1.1"]
                    || (_head.IsChunked && _head.Has("Content-Length")))
                {
                    throw new FormatException(WireHead.Show(_head.Text));
                }
            }

            return _head is not null;
        }

        private bool TakeBody()
        {
            long length = _head!.ContentLength ?? 0;
            if (_head.IsChunked)
            {
                if (NaiveChunks.Decode(_unread) is not { } body)
                {
                    return false;
                }

                length = body.Consumed;
            }

            if (length > _unread.Length)
            {
                return false;
            }

            _unread = _unread[(int)length..];
            return true;
        }
    }
}
