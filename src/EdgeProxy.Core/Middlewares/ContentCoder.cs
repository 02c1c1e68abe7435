using System;
using System.Buffers;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Middlewares;

/// <summary>Codes one body, piece by piece, into memory of the loop's.</summary>
internal abstract class ContentCoder : IDisposable
{
    public static ContentCoder Of(ContentCoding coding, CompressionEffort effort) =>
        coding == ContentCoding.Brotli ? new BrotliCoder(effort) : new GzipCoder(effort);

    public static ReadOnlySpan<byte> NameOf(ContentCoding coding) =>
        coding == ContentCoding.Brotli ? "br"u8 : "gzip"u8;

    public abstract void Write(ReadOnlySpan<byte> payload, HeldBody output);

    /// <summary>All that was written can be decoded by who has the output so far.</summary>
    public abstract void Flush(HeldBody output);

    public abstract void End(HeldBody output);

    public abstract void Dispose();

    /// <summary>RFC 1952, by zlib.</summary>
    private sealed class GzipCoder : ContentCoder
    {
        private readonly OutputStream _output = new();
        private readonly GZipStream _gzip;
        private bool _hasWritten;

        // RFC 1952: a header, an empty block (RFC 1951 section 3.2.6), CRC and length of nothing.
        private static ReadOnlySpan<byte> Empty =>
            [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        public GzipCoder(CompressionEffort effort) => _gzip = new GZipStream(
            _output,
            effort switch
            {
                CompressionEffort.Fast => CompressionLevel.Fastest,
                CompressionEffort.Best => CompressionLevel.SmallestSize,
                _ => CompressionLevel.Optimal,
            },
            leaveOpen: true);

        public override void Write(ReadOnlySpan<byte> payload, HeldBody output)
        {
            _output.Body = output;
            _hasWritten |= !payload.IsEmpty;
            _gzip.Write(payload);
        }

        public override void Flush(HeldBody output)
        {
            _output.Body = output;
            _gzip.Flush();
        }

        public override void End(HeldBody output)
        {
            _output.Body = output;
            _gzip.Dispose();
            if (!_hasWritten)
            {
                output.TryAppend(Empty); // of nothing the stream makes nothing, which is no gzip
            }
        }

        // What it still has to say when it is given up is for nobody.
        public override void Dispose()
        {
            _output.Body = null;
            _gzip.Dispose();
        }
    }

    /// <summary>RFC 7932.</summary>
    private sealed class BrotliCoder : ContentCoder
    {
        // 256 KiB: four times the memory would save little on what a gateway passes.
        private const int WindowBits = 18;
        private const int RoomBytes = 8 * 1024;

        private BrotliEncoder _encoder;

        public BrotliCoder(CompressionEffort effort) => _encoder = new BrotliEncoder(
            effort switch { CompressionEffort.Fast => 1, CompressionEffort.Best => 9, _ => 4 }, WindowBits);

        public override void Write(ReadOnlySpan<byte> payload, HeldBody output)
        {
            OperationStatus status;
            do
            {
                output.TryRoom(RoomBytes, out Span<byte> room);
                status = _encoder.Compress(payload, room, out int taken, out int written, isFinalBlock: false);
                output.Commit(written);
                payload = payload[taken..];
            }
            while (status == OperationStatus.DestinationTooSmall);

            Debug.Assert(status == OperationStatus.Done && payload.IsEmpty, "Brotli takes what it is given");
        }

        public override void Flush(HeldBody output)
        {
            OperationStatus status;
            do
            {
                output.TryRoom(RoomBytes, out Span<byte> room);
                status = _encoder.Flush(room, out int written);
                output.Commit(written);
            }
            while (status == OperationStatus.DestinationTooSmall);
        }

        public override void End(HeldBody output)
        {
            OperationStatus status;
            do
            {
                output.TryRoom(RoomBytes, out Span<byte> room);
                status = _encoder.Compress(default, room, out _, out int written, isFinalBlock: true);
                output.Commit(written);
            }
            while (status == OperationStatus.DestinationTooSmall);
        }

        public override void Dispose() => _encoder.Dispose();
    }

    private sealed class OutputStream : Stream
    {
        public HeldBody? Body { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Body?.TryAppend(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
