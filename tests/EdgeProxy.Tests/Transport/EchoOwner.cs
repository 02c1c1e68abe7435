using System.Collections.Concurrent;
using EdgeProxy.Transport;

namespace EdgeProxy.Tests.Transport;

/// <summary>Accepts and echoes: writes back what it reads, ends its direction when the client ended its own.</summary>
internal sealed class EchoOwner : IAcceptOwner
{
    public ConcurrentQueue<(EpollLoop Loop, ByteLink Link)> Accepted { get; } = new();

    /// <summary>Largest read; small ones make many turns.</summary>
    public int BlockBytes { get; init; } = BlockPool.LargeBytes;

    public void OnAccepted(EpollLoop loop, ByteLink link)
    {
        Accepted.Enqueue((loop, link));
        link.Owner = new Echo(loop, BlockBytes);
    }

    private sealed class Echo(EpollLoop loop, int blockBytes) : ILinkOwner
    {
        private Block? _block;
        private bool _hasEnded;

        public void OnLinkReady(ByteLink link)
        {
            while (true)
            {
                if (_block is null && !_hasEnded && link.MayRead)
                {
                    _block = loop.Blocks.Rent(blockBytes);
                    LinkStatus read = link.TryRead(_block.Free, out int count);
                    _block.Commit(count);
                    _hasEnded = read == LinkStatus.End;
                    if (read == LinkStatus.Broken)
                    {
                        Release();
                        link.Close();
                        return;
                    }
                }

                if (_block is not { IsEmpty: false } block)
                {
                    Release();
                    break;
                }

                int half = block.Length / 2; // in two pieces, so that the gathered write is used
                LinkStatus wrote = link.TryWrite(block.Filled[..half], block.Filled[half..], [], out int sent);
                block.Consume(sent);
                if (block.IsEmpty)
                {
                    Release();
                }

                if (wrote == LinkStatus.WouldBlock)
                {
                    return;
                }
            }

            if (_hasEnded)
            {
                link.EndWrites();
                link.Close();
            }
        }

        private void Release()
        {
            if (_block is { } block)
            {
                _block = null;
                loop.Blocks.Return(block);
            }
        }
    }
}
