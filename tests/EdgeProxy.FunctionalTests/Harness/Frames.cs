using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A frame as a peer saw it; <see cref="Fields"/> are those of its field section.</summary>
internal sealed record Frame(FrameHeader Header, byte[] Payload, IReadOnlyList<(string Name, string Value)> Fields)
{
    public FrameType Type => Header.Type;

    public int StreamId => Header.StreamId;

    public bool IsEnd => Header.Has(FrameFlags.EndStream) && Type is FrameType.Data or FrameType.Headers;

    /// <summary>What RST_STREAM or GOAWAY tell.</summary>
    public Http2Error Error =>
        (Http2Error)BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(Type == FrameType.GoAway ? 4 : 0));

    public string Text => Encoding.Latin1.GetString(Payload);

    public string? Field(string name) => Fields.FirstOrDefault(field => field.Name == name).Value;
}

/// <summary>Writes frames as a peer without scruples: nothing is checked.</summary>
internal sealed class FrameWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] Take()
    {
        byte[] bytes = [.. _bytes];
        _bytes.Clear();
        return bytes;
    }

    public FrameWriter Preface() => Raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8).Frame(FrameType.Settings, 0, 0);

    public FrameWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public FrameWriter Frame(FrameType type, FrameFlags flags, int id, params ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[FrameHeader.Bytes];
        new FrameHeader(payload.Length, type, flags, id).Write(header);
        return Raw(header).Raw(payload);
    }

    public FrameWriter Data(int id, string text, bool isEnd = false) =>
        Frame(FrameType.Data, isEnd ? FrameFlags.EndStream : 0, id, Encoding.Latin1.GetBytes(text));

    public FrameWriter Window(int id, int increment) => Number(FrameType.WindowUpdate, id, increment);

    public FrameWriter Reset(int id, Http2Error error = Http2Error.Cancel) =>
        Number(FrameType.ResetStream, id, (int)error);

    /// <summary>A whole field section, never kept in a table; fields as "name: value".</summary>
    public FrameWriter Headers(int id, bool isEnd, params IEnumerable<string> fields) =>
        Frame(FrameType.Headers, FrameFlags.EndHeaders | (isEnd ? FrameFlags.EndStream : 0), id, Section(fields));

    /// <summary>GET or another method of "a.test", and more fields.</summary>
    public FrameWriter Request(int id, bool isEnd = true, string method = "GET", string path = "/",
        params IEnumerable<string> more) =>
        Headers(id, isEnd, [$":method: {method}", ":scheme: http", $":path: {path}", ":authority: a.test", .. more]);

    /// <summary>A field section: literals without indexing.</summary>
    public static byte[] Section(IEnumerable<string> fields)
    {
        var bytes = new List<byte>();
        foreach (string field in fields)
        {
            // A pseudo-header's name begins with a colon, and one that is empty is none.
            int colon = field.StartsWith(": ", StringComparison.Ordinal)
                ? 0
                : field.IndexOf(": ", 1, StringComparison.Ordinal);
            bytes.Add(0);
            AddText(bytes, field[..colon]);
            AddText(bytes, field[(colon + 2)..]);
        }

        return [.. bytes];
    }

    private FrameWriter Number(FrameType type, int id, int number)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return Frame(type, 0, id, payload);
    }

    private static void AddText(List<byte> bytes, string text)
    {
        int length = text.Length;
        if (length < 127)
        {
            bytes.Add((byte)length);
        }
        else
        {
            bytes.Add(127);
            for (length -= 127; length >= 128; length >>= 7)
            {
                bytes.Add((byte)(length | 128));
            }

            bytes.Add((byte)length);
        }

        bytes.AddRange(Encoding.Latin1.GetBytes(text));
    }
}

/// <summary>Takes frames apart as a peer does; what is no frame is a <see cref="FormatException"/>.</summary>
internal sealed class FrameParser
{
    private readonly HpackTable _table = new();
    private readonly List<byte> _unread = [];
    private Frame? _open;

    public List<Frame> Frames { get; } = [];

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        _unread.AddRange(bytes);
        while (_unread.Count >= FrameHeader.Bytes)
        {
            FrameHeader header = FrameHeader.Read(_unread.Take(FrameHeader.Bytes).ToArray());
            if (_unread.Count < FrameHeader.Bytes + header.Length)
            {
                return;
            }

            byte[] payload = [.. _unread.Skip(FrameHeader.Bytes).Take(header.Length)];
            _unread.RemoveRange(0, FrameHeader.Bytes + header.Length);
            Add(new Frame(header, payload, []));
        }
    }

    private void Add(Frame frame)
    {
        if (_open is not null)
        {
            if (frame.Type != FrameType.Continuation || frame.StreamId != _open.StreamId)
            {
                throw new FormatException("a field section was interrupted");
            }

            frame = _open with
            {
                Header = _open.Header with { Flags = _open.Header.Flags | frame.Header.Flags },
                Payload = [.. _open.Payload, .. frame.Payload],
            };
        }

        bool isSection = frame.Type == FrameType.Headers;
        bool isOpen = isSection && !frame.Header.Has(FrameFlags.EndHeaders);
        _open = isOpen ? frame : null;
        if (!isOpen)
        {
            Frames.Add(isSection ? frame with { Fields = Decode(frame.Payload) } : frame);
        }
    }

    private List<(string Name, string Value)> Decode(byte[] section)
    {
        var fields = new List<(string Name, string Value)>();
        var reader = new HpackReader(
            section, _table, HpackTable.BytesMax, new byte[HpackReader.ScratchBytes(section.Length)]);
        HpackStep step;
        while ((step = reader.Next()) == HpackStep.Field)
        {
            fields.Add((Encoding.Latin1.GetString(reader.Name), Encoding.Latin1.GetString(reader.Value)));
        }

        return step == HpackStep.End ? fields : throw new FormatException("a field section is malformed");
    }
}
