using System.IO;
using System.Threading;

namespace EdgeProxy.Host.Logging;

/// <summary>A stream that several threads write whole lines to: no line gets into the middle of another.</summary>
internal sealed class SharedStream(Stream stream) : Stream
{
    private readonly Lock _lock = new();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new System.NotSupportedException();

    public override long Position
    {
        get => throw new System.NotSupportedException();
        set => throw new System.NotSupportedException();
    }

    public override void Write(System.ReadOnlySpan<byte> buffer)
    {
        lock (_lock)
        {
            stream.Write(buffer);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) =>
        Write(System.MemoryExtensions.AsSpan(buffer, offset, count));

    public override void Flush()
    {
        lock (_lock)
        {
            stream.Flush();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new System.NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new System.NotSupportedException();

    public override void SetLength(long value) => throw new System.NotSupportedException();
}
