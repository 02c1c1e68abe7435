using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Tests.Primitives.Http;

/// <summary>
/// What one connection's bytes came to: the steps seen in order, the last refusal, the canonical paths.
/// </summary>
internal sealed record Outcome(string Steps, RejectReason Reason, string Paths, string Payload, string Notes);

/// <summary>
/// The smallest user of the readers that can be: it keeps the unconsumed bytes of one connection, is fed pieces, and
/// notes what came of them. The corpus is judged by it.
/// </summary>
internal abstract class Peer
{
    private const int InterimsMax = 16;

    private readonly List<byte> _rest = [];
    private readonly List<string> _steps = [];
    private readonly List<string> _paths = [];
    private readonly StringBuilder _payload = new();
    private readonly StringBuilder _notes = new();
    private ChunkedReader _chunks;
    private long _bodyLeft;
    private BodyFraming _framing;
    private RejectReason _reason;

    protected bool InBody { get; private set; }

    protected bool Done { get; private set; }

    protected HeadLimits Limits { get; } = HeadLimits.Default;

    public static Outcome Requests(params ReadOnlySpan<byte[]> pieces) => new RequestPeer().Run(pieces);

    public static Outcome Response(Method method, params ReadOnlySpan<byte[]> pieces) =>
        new ResponsePeer(method).Run(pieces);

    private Outcome Run(ReadOnlySpan<byte[]> pieces)
    {
        foreach (byte[] piece in pieces)
        {
            Feed(piece);
        }

        AtEnd(_rest.Count > 0);
        return new Outcome(
            string.Join(';', _steps), _reason, string.Join(' ', _paths), _payload.ToString(), _notes.ToString());
    }

    protected abstract ParseStatus ReadHead(ReadOnlySpan<byte> bytes, out MessageHead head);

    /// <summary>A whole head: starts its body by <see cref="Begin"/>, or refuses.</summary>
    protected abstract void OnHead(MessageHead head, byte[] bytes);

    protected abstract void OnBodyEnd();

    protected abstract void OnRefused(RejectReason reason);

    protected abstract void AtEnd(bool bytesLeft);

    protected void Begin(MessageHead head)
    {
        _framing = head.Framing;
        _bodyLeft = head.Framing == BodyFraming.ContentLength ? head.ContentLength : 0;
        _chunks = default;
        InBody = true;
    }

    protected void Step(string step) => _steps.Add(step);

    protected void Path(string path) => _paths.Add(path);

    protected void Note(string note) => _notes.Append(note).Append('\n');

    protected void Refuse(string step, RejectReason reason)
    {
        Step(step);
        _reason = reason;
        Done = true;
    }

    protected void Stop() => Done = true;

    private void Feed(byte[] piece)
    {
        _rest.AddRange(piece);
        bool moved = true;
        while (moved && !Done)
        {
            moved = InBody ? FeedBody() : FeedHead();
        }
    }

    private bool FeedHead()
    {
        byte[] bytes = [.. _rest];
        if (bytes.Length == 0)
        {
            return false;
        }

        ParseStatus status = ReadHead(bytes, out MessageHead head);
        if (status == ParseStatus.NeedMore)
        {
            return false;
        }

        if (status == ParseStatus.Malformed)
        {
            OnRefused(head.Reason);
            return true;
        }

        foreach (HeaderField field in head.Fields)
        {
            Note($"{Text(field.Name.Of(bytes))}={Text(field.Value.Of(bytes))} "
                + $"{field.Known} {field.Traits} {field.LineEnd}");
        }

        Note($"{head.MinorVersion} {head.Framing} {head.ContentLength} {head.KeepAlive} "
            + $"{head.Length} {head.Present:x}");
        OnHead(head, bytes);
        _rest.RemoveRange(0, head.Length);
        return true;
    }

    private bool FeedBody()
    {
        switch (_framing)
        {
            case BodyFraming.None:
                return EndBody();

            case BodyFraming.Chunked:
                return FeedChunks();

            default:
                int take = _framing == BodyFraming.UntilClose ? _rest.Count : (int)Math.Min(_rest.Count, _bodyLeft);
                Take(take);
                _bodyLeft -= take;
                return _framing == BodyFraming.ContentLength && _bodyLeft == 0 ? EndBody() : take > 0;
        }
    }

    private bool FeedChunks()
    {
        byte[] bytes = [.. _rest];
        ChunkStep step = _chunks.Next(bytes, Limits, out int framing, out int payload);
        switch (step)
        {
            case ChunkStep.Malformed:
                InBody = true;
                OnRefused(_chunks.Reason);
                return true;

            case ChunkStep.End:
                Note("trailers " + Text(_chunks.Trailers.Of(bytes)));
                _rest.RemoveRange(0, framing);
                return EndBody();

            default:
                _rest.RemoveRange(0, framing);
                Take(payload);
                _chunks.Advance(payload);
                return framing + payload > 0;
        }
    }

    private void Take(int count)
    {
        _payload.Append(Text(_rest.GetRange(0, count).ToArray()));
        _rest.RemoveRange(0, count);
    }

    private bool EndBody()
    {
        InBody = false;
        OnBodyEnd();
        return true;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private sealed class RequestPeer : Peer
    {
        private readonly RequestHead _head = new();
        private bool _canonical;
        private bool _keepAlive;

        protected override ParseStatus ReadHead(ReadOnlySpan<byte> bytes, out MessageHead head)
        {
            head = _head;
            return RequestHeadReader.Read(bytes, Limits, _head);
        }

        protected override void OnHead(MessageHead head, byte[] bytes)
        {
            ReadOnlySpan<byte> path = _head.Path.Of(bytes);
            byte[] scratch = new byte[CanonicalPath.ScratchBytes(path.Length)];
            PathStatus status = CanonicalPath.Read(
                path, scratch, out int length, out PathTraits traits, out RejectReason fault);
            fault = fault == RejectReason.None ? CanonicalPath.Refusal(traits, PathTraits.None) : fault;
            if (fault != RejectReason.None)
            {
                OnRefused(fault);
                return;
            }

            Path(Text(status == PathStatus.Rewritten ? scratch.AsSpan(0, length) : path));
            Note($"{_head.Method} {Text(_head.MethodText.Of(bytes))} {_head.Form} {Text(_head.Target.Of(bytes))} "
                + $"{Text(_head.Query.Of(bytes))} {_head.HasQuery} {Text(_head.Authority.Of(bytes))} "
                + $"{Text(_head.Host.Of(bytes))} {_head.Port} {_head.ExpectsContinue} {_head.WantsUpgrade} "
                + $"{_head.AcceptsTrailers}");
            const FieldTraits Edited = FieldTraits.Alias | FieldTraits.ListedInConnection;
            _canonical = status == PathStatus.Rewritten || _head.Form == TargetForm.Absolute;
            foreach (HeaderField field in _head.Fields)
            {
                _canonical |= (field.Traits & Edited) != 0;
            }

            _keepAlive = _head.KeepAlive;
            Begin(head);
        }

        protected override void OnBodyEnd()
        {
            Step("forward");
            _head.Reset();
            if (!_keepAlive)
            {
                Stop();
            }
        }

        protected override void OnRefused(RejectReason reason) =>
            Refuse((InBody ? "reject_body " : "reject ") + RejectReasons.StatusCode(reason), reason);

        protected override void AtEnd(bool bytesLeft)
        {
            if (!Done && (InBody || bytesLeft))
            {
                Step("incomplete");
            }

            Note($"canonical {_canonical}");
        }
    }

    private sealed class ResponsePeer(Method method) : Peer
    {
        private readonly ResponseHead _head = new();
        private int _interims;
        private bool _untilClose;

        protected override ParseStatus ReadHead(ReadOnlySpan<byte> bytes, out MessageHead head)
        {
            head = _head;
            return ResponseHeadReader.Read(bytes, Limits, method, _head);
        }

        protected override void OnHead(MessageHead head, byte[] bytes)
        {
            Note($"{_head.StatusCode} {Text(_head.StatusAndReason.Of(bytes))} {_head.HasUpgrade}");
            if (_head.StatusCode == 101 || ++_interims > InterimsMax)
            {
                Refuse("502", RejectReason.None); // nobody asked for an upgrade here; interim answers are bounded
            }

            _untilClose = _head.Framing == BodyFraming.UntilClose;
            Begin(head);
        }

        protected override void OnBodyEnd()
        {
            if (_head.StatusCode >= 200)
            {
                Step("pass");
                Stop();
            }

            _head.Reset();
        }

        protected override void OnRefused(RejectReason reason) => Refuse(InBody ? "cut" : "502", reason);

        protected override void AtEnd(bool bytesLeft)
        {
            if (!Done)
            {
                Step(!InBody ? "502" : _untilClose ? "pass" : "cut");
            }
        }
    }
}
