using System;
using System.Collections.Generic;
using System.IO;
using EdgeProxy.Audit;

namespace EdgeProxy.Tests.Audit;

/// <summary>Segments of which some cannot be opened, or not be read to their end.</summary>
internal sealed class FailingReads(IAuditFiles files) : IAuditFiles
{
    /// <summary>Names that are listed beside those that are there.</summary>
    public List<string> More { get; } = [];

    /// <summary>What opening the segment of a name does.</summary>
    public Dictionary<string, Action> Opened { get; } = [];

    /// <summary>After how many bytes reading fails.</summary>
    public Dictionary<string, int> Broken { get; } = [];

    public IReadOnlyList<string> List()
    {
        List<string> names = [.. files.List(), .. More];
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public Stream OpenRead(string name)
    {
        if (Opened.TryGetValue(name, out Action? opened))
        {
            opened();
        }

        Stream stream = files.OpenRead(name);
        return Broken.TryGetValue(name, out int bytes) ? new BrokenStream(stream, bytes) : stream;
    }

    public IAuditFile OpenAppend(string name, bool isNew) => files.OpenAppend(name, isNew);

    public void Delete(string name) => files.Delete(name);

    public void Keep(string name, Stream bytes) => files.Keep(name, bytes);

    private sealed class BrokenStream(Stream inner, int left) : Stream
    {
        private int _left = left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_left == 0)
            {
                throw new IOException("input/output error");
            }

            int read = inner.Read(buffer, offset, Math.Min(count, _left));
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
