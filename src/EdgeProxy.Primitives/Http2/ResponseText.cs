using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Primitives.Http2;

/// <summary>Makes an HTTP/1.1 head of an answer's fields (RFC 9113 section 8.3.2), as RequestText does.</summary>
internal ref struct ResponseText(Span<byte> room)
{
    private TextRoom _room = new(room);
    private bool _isMalformed;

    /// <summary>The head, once it is finished.</summary>
    public readonly ReadOnlySpan<byte> Text => _room.Text;

    /// <summary>0 while it is not known.</summary>
    public int Status { get; private set; }

    /// <summary>-1 if none was told.</summary>
    public long ContentLength { get; private set; } = -1;

    /// <summary>The body is told in chunks.</summary>
    public bool IsChunked { get; private set; }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        _isMalformed = _isMalformed || !FieldRules.IsValue(value)
            || !(Status == 0 ? TryStatus(name, value) : TryRegular(name, value));

    /// <summary>After the last field; false if the answer is malformed.</summary>
    /// <param name="isEnd">Nothing follows the head.</param>
    /// <param name="isHead">The request was HEAD.</param>
    public bool Finish(bool isEnd, bool isHead)
    {
        bool isInterim = Status < 200;
        bool hasNoBody = isHead || Status is 204 or 304;
        if (_isMalformed || Status == 0 || (isInterim && isEnd) || (isEnd && !hasNoBody && ContentLength > 0))
        {
            return false;
        }

        if (!isInterim && !hasNoBody && ContentLength < 0)
        {
            IsChunked = !isEnd;
            _room.Write(isEnd ? "content-length: 0\r\n"u8 : "transfer-encoding: chunked\r\n"u8);
        }

        _room.Write("\r\n"u8);
        return !_room.IsOver;
    }

    // RFC 9113 section 8.6: there is no 101.
    private bool TryStatus(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!name.SequenceEqual(":status"u8) || value.Length != 3
            || !FieldRules.TryReadLength(value, out long status) || status is < 100 or 101)
        {
            return false;
        }

        Status = (int)status;
        Span<byte> line = stackalloc byte[StatusLines.BytesMax];
        _room.Write(line[..StatusLines.Write(line, Status)]);
        return true;
    }

    private bool TryRegular(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!FieldRules.IsName(name) || FieldRules.IsOfConnection(name))
        {
            return false;
        }

        if (name.SequenceEqual("content-length"u8))
        {
            if (ContentLength >= 0 || !FieldRules.TryReadLength(value, out long length))
            {
                return false;
            }

            ContentLength = length;
        }

        _room.WriteField(name, value);
        return true;
    }
}
