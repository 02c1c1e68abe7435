using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public class BodyLimitTests
{
    [Theory]
    [InlineData(10, 10, false)]
    [InlineData(11, 10, true)]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(9_000_000_000, 10, true)]
    public void DeclaredLength_OverTheLimit_IsRefusedAtOnce(long declared, long max, bool isRefused)
    {
        using var bench = new MiddlewareBench($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {declared}\r\n\r\n");

        Assert.Equal(isRefused ? Verdict.Answered : Verdict.Next, bench.Run(Limit(max)));

        Assert.Equal(isRefused ? 413 : 400, bench.Status);
    }

    [Theory]
    [InlineData("5\r\nhello\r\n0\r\n\r\n", 5, BodyStep.End)]
    [InlineData("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 5, BodyStep.End)]
    [InlineData("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 5, BodyStep.Malformed)]
    [InlineData("6\r\nhello!\r\n0\r\n\r\n", 5, BodyStep.Malformed)]
    [InlineData("ff\r\nhello", 5, BodyStep.Wait)]
    [InlineData("ff\r\nhello!", 5, BodyStep.Malformed)]
    [InlineData("0\r\n\r\n", 0, BodyStep.End)]
    [InlineData("1\r\n!\r\n0\r\n\r\n", 0, BodyStep.Malformed)]
    public void ChunkedBody_PassesTheLimit_IsCutThere(string body, long max, object end)
    {
        using var bench = new MiddlewareBench(
            $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        Assert.Equal(Verdict.Next, bench.Run(Limit(max)));

        Assert.Equal(end, ReadToRest(bench, out long bytes));

        Assert.True(bytes <= max);
        Assert.Equal(
            end is BodyStep.Malformed ? RejectReason.BodyTooLarge : RejectReason.None,
            bench.Exchange.ClientSource.Reason);
    }

    [Fact]
    public void TwoLimits_TheSmallerHolds()
    {
        using var bench = new MiddlewareBench(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n");
        bench.Run(Limit(5));
        bench.Run(Limit(100));

        Assert.Equal(BodyStep.Malformed, ReadToRest(bench, out _));
    }

    [Fact]
    public void NextMessage_OfTheConnection_HasNoLimit()
    {
        using var bench = new MiddlewareBench(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n"
                + "6\r\nhello!\r\n0\r\n\r\n");
        bench.Run(Limit(1));
        Assert.Equal(BodyStep.End, ReadToRest(bench, out _));

        bench.Exchange.ClientSource.EndMessage();
        bench.Exchange.ClientSource.StartBody(BodyFraming.Chunked, 0);

        Assert.Equal(BodyStep.End, ReadToRest(bench, out long bytes));
        Assert.Equal(6, bytes);
    }

    [Fact]
    public void Rewind_CountsFromTheStart()
    {
        using var bench = new MiddlewareBench(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        bench.Run(Limit(5));
        Assert.Equal(BodyStep.End, ReadToRest(bench, out _));

        bench.Exchange.ClientSource.Rewind();

        Assert.Equal(BodyStep.End, ReadToRest(bench, out long bytes));
        Assert.Equal(5, bytes);
    }

    private static BodyLimit Limit(long max) => new(new BodyLimitSettings { Name = "m", BytesMax = max });

    private static BodyStep ReadToRest(MiddlewareBench bench, out long bytes)
    {
        MessageSource source = bench.Exchange.ClientSource;
        bytes = 0;
        BodyStep step;
        while ((step = source.Next(out System.ReadOnlySpan<byte> payload)) == BodyStep.Data)
        {
            bytes += payload.Length;
            source.Advance(payload.Length);
        }

        return step;
    }
}
