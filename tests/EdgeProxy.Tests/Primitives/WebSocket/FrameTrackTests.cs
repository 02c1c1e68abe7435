using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Primitives.WebSocket;
using Xunit;

namespace EdgeProxy.Tests.Primitives.WebSocket;

/// <summary>Where frames of WebSocket end, however the bytes come.</summary>
public sealed class FrameTrackTests
{
    public static TheoryData<int, bool> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, bool>();
            foreach (int size in new[] { 0, 1, 125, 126, 127, 65_535, 65_536, 70_000 })
            {
                sizes.Add(size, false);
                sizes.Add(size, true);
            }

            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Frame_OfAnySize_EndsWhereItEnds(int size, bool isMasked)
    {
        byte[] frame = Frame(0x82, size, isMasked);
        var whole = default(FrameTrack);
        var byOne = default(FrameTrack);

        Assert.True(whole.IsBetween);
        whole.Pass(frame);
        for (int i = 0; i < frame.Length; i++)
        {
            byOne.Pass(frame.AsSpan(i, 1));
            Assert.Equal(i == frame.Length - 1, byOne.IsBetween);
        }

        Assert.True(whole.IsBetween);
        Assert.False(whole.HasClosed || byOne.HasClosed);
    }

    [Fact]
    public void Left_NeverPassesTheEndOfAFrame()
    {
        byte[] frames = [.. Frame(0x01, 300, true), .. Frame(0x89, 0, false), .. Frame(0x80, 70_000, false)];
        var ends = new List<int>();
        var track = default(FrameTrack);
        for (int at = 0; at < frames.Length;)
        {
            int count = (int)track.Left;
            Assert.InRange(count, 1, frames.Length - at);
            track.Pass(frames.AsSpan(at, count));
            at += count;
            if (track.IsBetween)
            {
                ends.Add(at);
            }
        }

        Assert.Equal([308, 310, 70_320], ends);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(0, true)]
    public void Close_IsSeenOnceItIsWhole(int size, bool isMasked)
    {
        byte[] frame = Frame(0x88, size, isMasked);
        var track = default(FrameTrack);

        track.Pass(frame.AsSpan(0, frame.Length - 1));
        Assert.False(track.HasClosed);
        track.Pass(frame.AsSpan(frame.Length - 1));

        Assert.True(track.HasClosed);
    }

    [Fact]
    public void AnyBytes_AreTaken()
    {
        var random = new Random(7);
        byte[] bytes = new byte[100_000];
        random.NextBytes(bytes);
        var whole = default(FrameTrack);
        var parts = default(FrameTrack);

        whole.Pass(bytes);
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(bytes.Length - at, random.Next(1, 500));
            parts.Pass(bytes.AsSpan(at, count));
            at += count;
        }

        Assert.Equal((whole.IsBetween, whole.HasClosed, whole.Left), (parts.IsBetween, parts.HasClosed, parts.Left));
    }

    private static byte[] Frame(byte first, int size, bool isMasked)
    {
        byte mask = isMasked ? (byte)0x80 : (byte)0;
        byte[] length = size switch
        {
            < 126 => [(byte)(mask | size)],
            < 65_536 => [(byte)(mask | 126), (byte)(size >> 8), (byte)size],
            _ =>
            [
                (byte)(mask | 127), 0, 0, 0, 0, (byte)(size >> 24), (byte)(size >> 16), (byte)(size >> 8), (byte)size,
            ],
        };
        byte[] key = isMasked ? [1, 2, 3, 4] : [];
        return [first, .. length, .. key, .. Enumerable.Repeat((byte)0x88, size)];
    }
}
