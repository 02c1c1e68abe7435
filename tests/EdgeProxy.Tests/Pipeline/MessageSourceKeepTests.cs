using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>What a source keeps of a body so that it can be sent again, and when it lets go.</summary>
public sealed class MessageSourceKeepTests : IDisposable
{
    private const string Head = "PUT / HTTP/1.1\r\n\r\n";

    private readonly BlockPool _blocks = new();
    private readonly MemoryLink _link = new() { ReadMax = 1_000 };
    private readonly MessageSource _source = new();

    public MessageSourceKeepTests() => _source.Bind(_link, _blocks, HeadLimits.Default);

    [Theory]
    [InlineData(0, 2_000, true)] // what fits beside the head is there anyway
    [InlineData(0, 10_000, false)]
    [InlineData(16_384, 10_000, true)]
    [InlineData(16_384, 15_000, true)]
    [InlineData(16_384, 40_000, false)]
    [InlineData(1_048_576, 900_000, true)]
    public void Body_UpToTheLimit_CanBeReadAgain(int keep, int length, bool canRewind)
    {
        string body = Start(keep, length);

        Assert.Equal(body, ReadAll());

        Assert.Equal(canRewind, _source.CanRewind);
        if (canRewind)
        {
            _source.Rewind();
            Assert.Equal(Head, Encoding.ASCII.GetString(_source.Head));
            Assert.Equal(body, ReadAll());
        }
    }

    [Fact]
    public void EndMessage_TheNext_KeepsNothing()
    {
        Start(1_048_576, 50_000);
        ReadAll();

        _source.EndMessage();

        Assert.Equal(0, _source.KeepBytesMax);
        Assert.Equal(0, _blocks.RentedCount);
    }

    // Three blocks of growing size are asked for; the budget has room for the first only, or for all.
    [Theory]
    [InlineData(20_000, false)]
    [InlineData(1_048_576, true)]
    public void Body_KeptWithinTheBudget_WhichIsGivenBack(int budgetBytes, bool canRewind)
    {
        var budget = new BodyBudget { BytesMax = budgetBytes };
        string body = Start(262_144, 100_000);
        _source.KeepBudget = budget;

        Assert.Equal(body, ReadAll());

        Assert.Equal(canRewind, _source.CanRewind);
        Assert.Equal(canRewind, budget.Taken >= 100_000);
        Assert.InRange(budget.Taken, 0, budgetBytes);
        if (canRewind)
        {
            _source.Rewind();
            Assert.Equal(body, ReadAll());
        }

        _source.EndMessage();
        Assert.Equal(0, budget.Taken);
        Assert.Null(_source.KeepBudget);
    }

    public void Dispose()
    {
        _source.Unbind();
        Assert.Equal(0, _blocks.RentedCount);
        _blocks.Dispose();
    }

    private string Start(int keep, int length)
    {
        string body = string.Create(length, 0, static (text, _) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = (char)('a' + (i * 7 % 26));
            }
        });
        _link.Feed(Encoding.ASCII.GetBytes(Head + body));
        while (_source.Unread.Length < Head.Length)
        {
            _source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes);
        }

        _source.Pin(Head.Length);
        _source.StartBody(BodyFraming.ContentLength, length);
        _source.KeepBytesMax = keep;
        return body;
    }

    private string ReadAll()
    {
        var text = new StringBuilder();
        while (_source.Next(out ReadOnlySpan<byte> payload) == BodyStep.Data)
        {
            text.Append(Encoding.ASCII.GetString(payload));
            _source.Advance(payload.Length);
        }

        Assert.True(_source.IsComplete);
        return text.ToString();
    }
}
