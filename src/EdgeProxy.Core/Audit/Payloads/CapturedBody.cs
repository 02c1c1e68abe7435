using System;
using System.Collections.Generic;

namespace EdgeProxy.Audit.Payloads;

/// <summary>The beginning of one body, copied while it passes. Reused.</summary>
internal sealed class CapturedBody(PayloadMemory memory)
{
    private readonly List<byte[]> _blocks = [];
    private int _bytesMax;

    public int Length { get; private set; }

    /// <summary>There was more than is kept of one body.</summary>
    public bool IsCut { get; private set; }

    /// <summary>There was no room for it.</summary>
    public bool IsLost { get; private set; }

    public void Begin(int bytesMax) => _bytesMax = bytesMax;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (IsLost)
        {
            return;
        }

        if (bytes.Length > _bytesMax - Length)
        {
            IsCut = true;
            bytes = bytes[..(_bytesMax - Length)];
        }

        while (!bytes.IsEmpty)
        {
            int offset = Length % PayloadMemory.BlockBytes;
            if (offset == 0)
            {
                if (memory.TryRent() is not { } block)
                {
                    memory.Return(_blocks); // of use to others
                    Length = 0;
                    IsLost = true;
                    return;
                }

                _blocks.Add(block);
            }

            int count = Math.Min(bytes.Length, PayloadMemory.BlockBytes - offset);
            bytes[..count].CopyTo(_blocks[^1].AsSpan(offset));
            Length += count;
            bytes = bytes[count..];
        }
    }

    public void CopyTo(Span<byte> room)
    {
        for (int i = 0; i < _blocks.Count; i++)
        {
            int count = Math.Min(PayloadMemory.BlockBytes, Length - (i * PayloadMemory.BlockBytes));
            _blocks[i].AsSpan(0, count).CopyTo(room[(i * PayloadMemory.BlockBytes)..]);
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Reset()
    {
        if (_blocks.Count > 0)
        {
            memory.Return(_blocks);
        }

        Length = 0;
        IsCut = false;
        IsLost = false;
    }
}

/// <summary>Both bodies of an exchange and whose they are, on their way from a loop to the disk. Reused.</summary>
internal sealed class CapturedPayload(PayloadMemory memory)
{
    private readonly byte[] _requestId = new byte[AuditLimits.RequestIdBytesMax];
    private int _requestIdLength;

    public CapturedBody Request { get; } = new(memory);

    public CapturedBody Answer { get; } = new(memory);

    public PayloadMode Mode { get; private set; }

    /// <summary>The record these belong to: its lane and its number there.</summary>
    public ulong Lane { get; set; }

    public ulong Number { get; set; }

    public long UnixMs { get; set; }

    /// <summary>Its name in UTF-8; empty if nobody is known.</summary>
    public ReadOnlyMemory<byte> Consumer { get; set; }

    public string Router { get; set; } = "";

    public ReadOnlySpan<byte> RequestId
    {
        get => _requestId.AsSpan(0, _requestIdLength);
        set
        {
            _requestIdLength = Math.Min(value.Length, _requestId.Length);
            value[.._requestIdLength].CopyTo(_requestId);
        }
    }

    /// <summary>A part found no room: then none is kept.</summary>
    public bool IsLost => Request.IsLost || Answer.IsLost;

    public void Begin(PayloadMode mode, int bodyBytes)
    {
        Mode = mode;
        Request.Begin(bodyBytes);
        Answer.Begin(bodyBytes);
    }

    public void Reset()
    {
        Request.Reset();
        Answer.Reset();
        Consumer = default;
        Router = "";
        _requestIdLength = 0;
    }
}
