using System;
using System.Text;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>Field sections that come: heads and trailers, gathered whole and decoded.</summary>
internal sealed partial class Http2Connection
{
    // One for the process: a server echoes it, and that is all it is for (RFC 6455 section 10.3).
    private static readonly byte[] s_webSocketKey =
        Encoding.ASCII.GetBytes(Convert.ToBase64String(Guid.NewGuid().ToByteArray()));

    private readonly HpackTable _received = new();
    private Block? _section;
    private int _sectionStream;
    private bool _sectionEnds;
    private bool _sectionIsOfItself;

    /// <summary>Streams that came and were not refused.</summary>
    public long StreamsBegun { get; private set; }

    /// <summary>Streams the peer broke off before they were answered.</summary>
    public long Resets { get; private set; }

    /// <summary>What a coded section may come to; without an end it is no head at all.</summary>
    private int CodedBytesMax => IsServer ? HeadBytesMax : Http2Limits.CodedAnswerBytes;

    private int HeadBytesMax => Math.Max(_terms.HeadLimits.HeadBytes, FrameHeader.PayloadBytesDefault);

    private int DecodedBytesMax => IsServer
        ? Http2Limits.DecodedHeadsMax * Math.Max(_terms.HeadLimits.HeadBytes, BlockPool.LargeBytes)
        : Http2Limits.DecodedAnswerBytes;

    private void TakeHeaders(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        // Only clients begin streams: what answers is on one of theirs, and 0 is nobody's.
        bool isClients = (header.StreamId & 1) == 1;
        if (!isClients || (!IsServer && IsIdle(header.StreamId)))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        if (!header.TryStrip(payload, out ReadOnlySpan<byte> content))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        _sectionStream = header.StreamId;
        _sectionEnds = header.Has(FrameFlags.EndStream);
        _sectionIsOfItself = header.Has(FrameFlags.Priority)
            && DependsOnItself(header.StreamId, payload[(header.Has(FrameFlags.Padded) ? 1 : 0)..]);
        if (header.Has(FrameFlags.EndHeaders))
        {
            TakeSection(content);
        }
        else
        {
            AddToSection(content);
        }
    }

    private void TakeContinuation(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        bool isFull = !IsServer && payload.Length >= EarningBytes; // a large answer is its request's matter
        if (!isFull && !TrySpendFrame())
        {
            return;
        }

        AddToSection(payload);
        if (header.Has(FrameFlags.EndHeaders) && _phase <= Phase.Open)
        {
            TakeSection(_section is null ? default : _section.Filled);
        }
    }

    private void AddToSection(ReadOnlySpan<byte> content)
    {
        int length = (_section?.Length ?? 0) + content.Length;
        if (length > CodedBytesMax)
        {
            Fail(Http2Error.EnhanceYourCalm, Http2End.Flood);
            return;
        }

        _section ??= _loop.Blocks.Rent(HeadBytesMax);
        if (_section.Free.Length < content.Length)
        {
            GrowSection(length);
        }

        content.CopyTo(_section.Free);
        _section.Commit(content.Length);
    }

    private void GrowSection(int bytes)
    {
        Block larger = _loop.Blocks.Rent(Math.Min(CodedBytesMax, 2 * bytes));
        _section!.Filled.CopyTo(larger.Free);
        larger.Commit(_section.Length);
        _section.Clear();
        _loop.Blocks.Return(_section);
        _section = larger;
    }

    private void ReleaseSection()
    {
        _sectionStream = 0;
        if (_section is not null)
        {
            _section.Clear();
            _loop.Blocks.Return(_section);
            _section = null;
        }
    }

    private void TakeSection(ReadOnlySpan<byte> coded)
    {
        int id = _sectionStream;
        Block scratch = _loop.Blocks.Rent(HpackReader.ScratchBytes(coded.Length));
        var fields = new HpackReader(coded, _received, HpackTable.BytesMax, scratch.Free);
        if (_streams.TryGetValue(id, out Http2Stream? stream))
        {
            TakeSectionOf(stream, ref fields);
        }
        else if (!IsServer || id <= _lastPeerStream)
        {
            TakeLateSection(id, ref fields);
        }
        else
        {
            TakeRequest(id, ref fields);
        }

        scratch.Clear();
        _loop.Blocks.Return(scratch);
        ReleaseSection();
    }

    private void TakeRequest(int id, ref HpackReader fields)
    {
        _resets.Advance(_lastPeerStream, id);
        _lastPeerStream = id;
        Block room = _loop.Blocks.Rent(Math.Max(_terms.HeadLimits.HeadBytes, BlockPool.LargeBytes));
        Block stash = _loop.Blocks.Rent(room.Capacity);
        var head = new RequestText(room.Free, stash.Free, s_webSocketKey);
        int decoded = 0;
        HpackStep step;
        while ((step = fields.Next()) == HpackStep.Field && Counts(fields, ref decoded))
        {
            head.Add(fields.Name, fields.Value);
        }

        if (EndsWell(step))
        {
            bool isWellFormed = head.Finish(_sectionEnds) && !_sectionIsOfItself;
            BeginRequest(id, head, isWellFormed);
        }

        _loop.Blocks.Return(room);
        _loop.Blocks.Return(stash);
    }

    private void BeginRequest(int id, in RequestText head, bool isWellFormed)
    {
        if (IsPassedOver(id))
        {
            TrySpendFrame();
            return;
        }

        if (!isWellFormed)
        {
            Refuse(id, Http2Error.Protocol);
            return;
        }

        if (_streams.Count >= _terms.StreamsMax)
        {
            Refuse(id, Http2Error.RefusedStream);
            return;
        }

        StreamsBegun++;
        _guard.EarnFrames(2); // a window of its own, and a priority
        Http2Stream stream = Add(id);
        stream.TakeRequest(head, _sectionEnds);
        MarkReady(stream);
    }

    private void TakeSectionOf(Http2Stream stream, ref HpackReader fields)
    {
        if (stream.HasEndReceived && !stream.IsReset)
        {
            Drop(ref fields);
            Fail(Http2Error.StreamClosed);
            return;
        }

        if (IsServer || stream.HasFinalHead)
        {
            TakeTrailers(stream, ref fields);
            return;
        }

        Block room = _loop.Blocks.Rent(Math.Max(_terms.HeadLimits.HeadBytes, BlockPool.LargeBytes));
        var head = new ResponseText(room.Free);
        int decoded = 0;
        HpackStep step;
        while ((step = fields.Next()) == HpackStep.Field && Counts(fields, ref decoded))
        {
            head.Add(fields.Name, fields.Value);
        }

        if (EndsWell(step) && !stream.IsReset)
        {
            if (head.Finish(_sectionEnds, stream.IsHeadRequest))
            {
                _guard.EarnFrames(head.Status >= 200 ? 2 : 0);
                stream.TakeResponse(head, _sectionEnds);
                MarkReady(stream);
            }
            else
            {
                Refuse(stream.Id, Http2Error.Protocol);
            }
        }

        _loop.Blocks.Return(room);
    }

    // RFC 9113 section 8.1: fields after a body end the message, and none of them is a pseudo-header.
    private void TakeTrailers(Http2Stream stream, ref HpackReader fields)
    {
        Block room = _loop.Blocks.Rent(Math.Max(_terms.HeadLimits.TrailerBytes, BlockPool.SmallBytes));
        var lines = new TextRoom(room.Free);
        bool isWellFormed = _sectionEnds;
        int decoded = 0;
        HpackStep step;
        while ((step = fields.Next()) == HpackStep.Field && Counts(fields, ref decoded))
        {
            isWellFormed = isWellFormed && FieldRules.IsName(fields.Name) && FieldRules.IsValue(fields.Value);
            lines.WriteField(fields.Name, fields.Value);
        }

        if (EndsWell(step) && !stream.IsReset)
        {
            if (isWellFormed && !lines.IsOver && stream.TryTakeTrailers(lines.Text))
            {
                MarkReady(stream);
            }
            else
            {
                Refuse(stream.Id, Http2Error.Protocol);
            }
        }

        _loop.Blocks.Return(room);
    }

    // Both sides' tables go on together, whatever becomes of the fields.
    private void TakeLateSection(int id, ref HpackReader fields)
    {
        if (!Drop(ref fields))
        {
            return;
        }

        if (IsLate(id))
        {
            SpendLate();
        }
        else
        {
            Fail(Http2Error.StreamClosed);
        }
    }

    private bool Drop(ref HpackReader fields)
    {
        int decoded = 0;
        HpackStep step;
        do
        {
            step = fields.Next();
        }
        while (step == HpackStep.Field && Counts(fields, ref decoded));

        return EndsWell(step);
    }

    // RFC 9113 section 6.5.2: a field counts its bytes and 32 more. False if they are a bomb.
    private bool Counts(in HpackReader fields, ref int decoded)
    {
        decoded += fields.Name.Length + fields.Value.Length + HpackTable.EntryOverhead;
        return decoded <= DecodedBytesMax;
    }

    private bool EndsWell(HpackStep step)
    {
        switch (step)
        {
            case HpackStep.End:
                return true;
            case HpackStep.Field:
                Fail(Http2Error.EnhanceYourCalm, Http2End.Flood);
                return false;
            default:
                Fail(Http2Error.Compression);
                return false;
        }
    }
}
