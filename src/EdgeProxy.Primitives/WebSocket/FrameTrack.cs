using System;

namespace EdgeProxy.Primitives.WebSocket;

/// <summary>
/// Where in its frames one direction of a WebSocket is (RFC 6455 section 5.2), told by the bytes that pass. Judges
/// nothing: what is no frame ends anywhere.
/// </summary>
internal struct FrameTrack
{
    private const byte OpcodeBits = 0x0f;
    private const byte CloseOpcode = 0x08;
    private const byte MaskBit = 0x80;
    private const byte LengthBits = 0x7f;
    private const byte Length16 = 126;
    private const byte Length64 = 127;
    private const int MaskBytes = 4;
    private const int FixedBytes = 2;

    private byte _opcode;
    private byte _headBytes;
    private byte _headSeen;
    private byte _lengthBytes;
    private ulong _length;

    /// <summary>Between two frames: another one may be put in here.</summary>
    public readonly bool IsBetween => _headSeen == 0 && _length == 0;

    /// <summary>A frame that closes passed, whole: nothing may follow it.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>
    /// Bytes that surely belong to the frame under way, or of the next one if there is none: 1 or more.
    /// </summary>
    public readonly ulong Left => _headSeen == 0 && _length > 0 ? _length : 1;

    public void Pass(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_headSeen > 0 || _length == 0)
            {
                PassHead(bytes[0]);
                bytes = bytes[1..];
                continue;
            }

            int count = (int)Math.Min((ulong)bytes.Length, _length);
            _length -= (ulong)count;
            bytes = bytes[count..];
            EndIfDone();
        }
    }

    private void PassHead(byte value)
    {
        switch (_headSeen++)
        {
            case 0:
                _opcode = (byte)(value & OpcodeBits);
                _headBytes = FixedBytes;
                _lengthBytes = 0;
                return;
            case 1:
                int length = value & LengthBits;
                _lengthBytes = (byte)(length == Length16 ? sizeof(ushort) : length == Length64 ? sizeof(ulong) : 0);
                _length = _lengthBytes == 0 ? (ulong)length : 0;
                _headBytes += (byte)(_lengthBytes + ((value & MaskBit) != 0 ? MaskBytes : 0));
                break;
            default:
                if (_headSeen <= FixedBytes + _lengthBytes)
                {
                    _length = (_length << 8) | value;
                }

                break;
        }

        if (_headSeen == _headBytes)
        {
            _headSeen = 0;
            EndIfDone();
        }
    }

    private void EndIfDone() => HasClosed |= _length == 0 && _opcode == CloseOpcode;
}
