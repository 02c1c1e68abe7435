using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What middlewares change in a head: lines that are left out and lines that are added. Applied when the head is
/// written; the head as received stays. One per direction and exchange, reset and reused.
/// </summary>
internal sealed class HeaderEdits
{
    /// <summary>Bytes of added lines in all; a line that does not fit is refused.</summary>
    public const int AddedBytesMax = 16 * 1024;

    // Kept from one exchange to the next; what an odd request needed beyond it is let go.
    private const int KeptBytesMax = 2 * 1024;

    private readonly List<FieldName> _removed = [];
    private byte[] _added = [];
    private int _length;

    public bool IsEmpty => _length == 0 && _removed.Count == 0;

    /// <summary>Whole field lines to add.</summary>
    public ReadOnlySpan<byte> Added => _added.AsSpan(0, _length);

    /// <summary>Leaves the field out in every spelling, and takes back lines of that name added before.</summary>
    public void Remove(FieldName name)
    {
        if (!_removed.Contains(name))
        {
            _removed.Add(name);
        }

        TakeBack(name);
    }

    /// <summary>Makes it the only field of its name.</summary>
    public bool Set(FieldName name, ReadOnlySpan<byte> value)
    {
        Remove(name);
        return Append(name, value);
    }

    /// <summary>
    /// Adds a line. False, and nothing added, if the value has a control byte (RFC 9110 section 5.5) or there is no
    /// room.
    /// </summary>
    public bool Append(FieldName name, ReadOnlySpan<byte> value)
    {
        int bytes = name.Written.Length + value.Length + 4;
        if (_length + bytes > AddedBytesMax || FieldValue.HasControl(value))
        {
            return false;
        }

        if (_added.Length < _length + bytes)
        {
            Array.Resize(ref _added, Math.Max(256, 2 * (_length + bytes)));
        }

        Span<byte> line = _added.AsSpan(_length, bytes);
        name.Written.CopyTo(line);
        ": "u8.CopyTo(line[name.Written.Length..]);
        value.CopyTo(line[(name.Written.Length + 2)..]);
        "\r\n"u8.CopyTo(line[^2..]);
        _length += bytes;
        return true;
    }

    /// <summary>
    /// The value of the next added line of that name, from <paramref name="at"/> (0 at first) on; valid until the next
    /// edit.
    /// </summary>
    public bool TryNextAdded(FieldName name, scoped ref int at, out ReadOnlySpan<byte> value)
    {
        while (at < _length)
        {
            ReadOnlySpan<byte> line = _added.AsSpan(at, _length - at);
            line = line[..line.IndexOf("\r\n"u8)];
            at += line.Length + 2;
            int colon = line.IndexOf((byte)':');
            if (name.Is(line[..colon]))
            {
                value = line[(colon + 2)..];
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether a received line is left out.</summary>
    public bool Drops(ReadOnlySpan<byte> name)
    {
        foreach (FieldName removed in _removed)
        {
            if (removed.IsMeantBy(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a line the proxy would write itself is left out or was replaced.</summary>
    public bool Owns(KnownHeader header)
    {
        foreach (FieldName removed in _removed)
        {
            if (removed.Known == header)
            {
                return true;
            }
        }

        return false;
    }

    public void Reset()
    {
        _removed.Clear();
        _length = 0;
        if (_added.Length > KeptBytesMax)
        {
            _added = [];
        }
    }

    private void TakeBack(FieldName name)
    {
        int at = 0;
        while (at < _length)
        {
            ReadOnlySpan<byte> rest = _added.AsSpan(at, _length - at);
            int lineBytes = rest.IndexOf("\r\n"u8) + 2;
            if (name.Is(rest[..rest.IndexOf((byte)':')]))
            {
                rest[lineBytes..].CopyTo(_added.AsSpan(at));
                _length -= lineBytes;
            }
            else
            {
                at += lineBytes;
            }
        }
    }
}
