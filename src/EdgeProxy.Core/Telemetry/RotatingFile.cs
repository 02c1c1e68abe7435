using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace EdgeProxy.Telemetry;

/// <summary>
/// A file of lines that is moved aside when it is large or old: NAME.20260901T120000Z, of which so many are kept. A
/// file that cannot be written costs lines, and is tried again with the next.
/// </summary>
internal sealed class RotatingFile : ILineTarget
{
    private const string StampFormat = "yyyyMMdd'T'HHmmss'Z'";

    private readonly AccessLogSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<string> _onFailure;
    private FileStream? _stream;
    private long _length;
    private DateTimeOffset _openedAt;
    private bool _hasFailed;

    /// <param name="onFailure">Hears why, once until it works again.</param>
    public RotatingFile(AccessLogSettings settings, TimeProvider time, Action<string> onFailure)
    {
        _settings = settings;
        _time = time;
        _onFailure = onFailure;
    }

    /// <summary>Null, or why the file cannot be appended to.</summary>
    public string? TryOpen()
    {
        try
        {
            Open();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            return e.Message;
        }
    }

    public bool TryWrite(ReadOnlySpan<byte> lines)
    {
        try
        {
            if (_stream is null)
            {
                Open();
            }

            if (IsFull(lines.Length))
            {
                Rotate();
            }

            _stream!.Write(lines);
            _stream.Flush();
            _length += lines.Length;
            _hasFailed = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            Fail(e);
            return false;
        }
    }

    /// <summary>Somebody else moved it: what comes goes into a new one.</summary>
    public void Reopen() => Close();

    public void Dispose() => Close();

    private bool IsFull(int bytes) =>
        _length > 0
        && ((_settings.RotateBytes > 0 && _length + bytes > _settings.RotateBytes)
            || (_settings.RotateAfter > TimeSpan.Zero && _time.GetUtcNow() - _openedAt >= _settings.RotateAfter));

    private void Open()
    {
        // No buffer: each write is whole lines, and must be there when the process dies.
        _stream = new FileStream(_settings.File, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });
        _length = _stream.Length;

        // Of a file that was there before, the age is told by its first line; its creation is near enough.
        _openedAt = _length > 0 ? File.GetCreationTimeUtc(_settings.File) : _time.GetUtcNow();
    }

    private void Rotate()
    {
        Close();
        string stamp = _time.GetUtcNow().ToString(StampFormat, CultureInfo.InvariantCulture);
        string aside = $"{_settings.File}.{stamp}";
        for (int number = 1; File.Exists(aside); number++)
        {
            aside = string.Create(CultureInfo.InvariantCulture, $"{_settings.File}.{stamp}.{number:d3}");
        }

        File.Move(_settings.File, aside);
        DeleteOld();
        Open();
    }

    private void DeleteOld()
    {
        string folder = Path.GetDirectoryName(_settings.File)!;
        string pattern = $"{Path.GetFileName(_settings.File)}.????????T??????Z*";
        var aside = new List<string>(Directory.EnumerateFiles(folder, pattern));
        aside.Sort(StringComparer.Ordinal);
        for (int i = 0; i < aside.Count - _settings.FilesKept; i++)
        {
            File.Delete(aside[i]);
        }
    }

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private void Fail(Exception exception)
    {
        Close();
        if (!_hasFailed)
        {
            _hasFailed = true;
            _onFailure(exception.Message);
        }
    }
}
