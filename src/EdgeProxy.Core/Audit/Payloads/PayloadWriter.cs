using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// Appends entries to the newest payload file. Nothing counts before <see cref="Sync"/> came back; after a failure
/// <see cref="Rollback"/> cuts off what is not known to be on the disk. One thread; throws as the file system does.
/// </summary>
internal sealed class PayloadWriter(PayloadFiles files, TimeProvider time) : IDisposable
{
    private FileStream? _file;
    private ulong _number;
    private long _length;
    private long _synced;
    private long _begunMs;

    /// <summary>The file that is appended to; 0 if none is.</summary>
    public ulong OpenNumber => _file is null ? 0 : _number;

    /// <summary>Bytes of it.</summary>
    public long Length => _file is null ? 0 : _length;

    public bool HasUnsynced => _file is not null && _synced < _length;

    /// <summary>Makes the folder, and ends the last file if its process did not; its entries then.</summary>
    /// <param name="unreadable">The path of a last file that cannot be read, and why; it stays as it is.</param>
    public List<(EntryPlace Place, byte[] Entry)> Recover(out string? unreadable)
    {
        unreadable = null;
        files.Make();
        List<ulong> numbers = files.List();
        if (numbers.Count == 0)
        {
            return [];
        }

        _number = numbers[^1];
        try
        {
            return EndLast();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unreadable = $"{files.PathOf(_number)}: {exception.Message}";
            return [];
        }
    }

    private List<(EntryPlace Place, byte[] Entry)> EndLast()
    {
        var found = new List<(EntryPlace, byte[])>();
        using FileStream file = files.OpenWrite(_number, isNew: false);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int valid = 0;
        for (int offset = 0; PayloadFiles.Next(bytes, ref offset) is { } head;)
        {
            ReadOnlySpan<byte> entry = bytes.AsSpan(offset, head.Length);
            if (head.State != EntryState.Erased && !EntryHead.IsWhole(entry))
            {
                offset++; // what is whole behind it stays
                continue;
            }

            if (head.State == EntryState.End)
            {
                return []; // in order
            }

            if (head.State == EntryState.Live)
            {
                found.Add((new EntryPlace(_number, offset, head.Length), entry.ToArray()));
            }

            valid = offset + head.Length;
            offset = valid;
        }

        file.SetLength(valid);
        file.Seek(valid, SeekOrigin.Begin);
        file.Write(EntryHead.EndMark());
        file.Flush(flushToDisk: true);
        return found;
    }

    public EntryPlace Append(ReadOnlySpan<byte> entry, PayloadSettings settings)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (_file is not null && (_length >= PayloadLimits.SegmentBytesOf(settings)
            || Math.Abs(nowMs - _begunMs) >= PayloadLimits.SegmentAge.TotalMilliseconds))
        {
            End();
        }

        if (_file is null)
        {
            files.Make();
            ulong next = Math.Max(_number + 1, (ulong)nowMs);
            _file = files.OpenWrite(next, isNew: true);
            (_number, _begunMs, _length, _synced) = (next, nowMs, 0, 0);
        }

        Write(_file, entry);
        var place = new EntryPlace(_number, _length, entry.Length);
        _length += entry.Length;
        return place;
    }

    public void Sync()
    {
        if (_file is not null && _synced < _length)
        {
            _file.Flush(flushToDisk: true);
            _synced = _length;
        }
    }

    /// <summary>Ends the file, if one is open: the next entry begins another.</summary>
    public void End()
    {
        if (_file is not null)
        {
            Write(_file, EntryHead.EndMark());
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            _file = null;
        }
    }

    /// <summary>
    /// Forgets what was appended since the last sync: all from the place it answers on. What cannot be cut off now is
    /// found by the next start.
    /// </summary>
    public EntryPlace Rollback()
    {
        if (_file is null)
        {
            return default;
        }

        try
        {
            _file.SetLength(_synced);
            _file.Seek(_synced, SeekOrigin.Begin);
            Write(_file, EntryHead.EndMark());
            _file.Flush(flushToDisk: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays without its end.
        }

        _file.Dispose();
        _file = null;
        return new EntryPlace(_number, _synced, 0);
    }

    public void Dispose() => _file?.Dispose();

    // The framework says EFBIG by another exception.
    private static void Write(FileStream file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            file.Write(bytes);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new IOException("the file may not grow any more", exception);
        }
    }
}
