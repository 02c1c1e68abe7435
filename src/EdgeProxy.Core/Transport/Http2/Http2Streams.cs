using System.Collections.Generic;

namespace EdgeProxy.Transport.Http2;

/// <summary>Spare streams of one loop, for all its connections of HTTP/2.</summary>
internal sealed class Http2Streams(EpollLoop loop)
{
    // About 400 bytes each; a busy loop makes no more once it has them.
    private const int SparesMax = 1024;

    private readonly Stack<Http2Stream> _spares = new();

    public EpollLoop Loop { get; } = loop;

    /// <summary>Streams open, or waiting to be forgotten.</summary>
    public int RentedCount { get; private set; }

    public Http2Stream Rent()
    {
        RentedCount++;
        return _spares.TryPop(out Http2Stream? stream) ? stream : new Http2Stream(Loop.Blocks);
    }

    public void Return(Http2Stream stream)
    {
        RentedCount--;
        stream.Recycle();
        if (_spares.Count < SparesMax)
        {
            _spares.Push(stream);
        }
    }
}
