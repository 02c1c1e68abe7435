using System;

namespace EdgeProxy.Transport.Http2;

/// <summary>
/// Tells a peer that works from one that only makes work (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2025-8671): two
/// allowances, for frames that move nothing and for streams that end early. Both grow with time and with work done, up
/// to a maximum; a peer that used one up is done with.
/// </summary>
internal struct FloodGuard(long nowMs)
{
    // In thousandths, so that a millisecond's share is a whole number.
    private const long One = 1000;
    private const long FramesMax = Http2Limits.IdleFramesMax * One;
    private const long ResetsMax = Http2Limits.ResetsMax * One;

    private long _frames = FramesMax;
    private long _resets = ResetsMax;
    private long _filledMs = nowMs;

    /// <summary>A frame came that moves nothing; false if it is one too many.</summary>
    public bool TrySpendFrame(long nowMs, int cost = 1)
    {
        if (_frames < cost * One)
        {
            Fill(nowMs);
        }

        _frames -= cost * One;
        return _frames >= 0;
    }

    /// <summary>A stream ended early; false if it is one too many.</summary>
    public bool TrySpendReset(long nowMs)
    {
        if (_resets < One)
        {
            Fill(nowMs);
        }

        _resets -= One;
        return _resets >= 0;
    }

    /// <summary>A frame moved something, in either direction: its peer may say that it took it, and ask.</summary>
    public void EarnFrames(int count) => _frames = Math.Min(FramesMax, _frames + (count * One));

    /// <summary>A stream ended well.</summary>
    public void EarnReset() => _resets = Math.Min(ResetsMax, _resets + One);

    private void Fill(long nowMs)
    {
        long passedMs = Math.Max(0, nowMs - _filledMs);
        _filledMs = nowMs;
        _frames = Math.Min(FramesMax, _frames + (passedMs * Http2Limits.IdleFramesPerSecond));
        _resets = Math.Min(ResetsMax, _resets + (passedMs * Http2Limits.ResetsPerSecond));
    }
}
