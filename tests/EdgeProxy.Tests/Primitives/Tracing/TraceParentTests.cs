using System;
using System.Text;
using EdgeProxy.Primitives.Tracing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Tracing;

public sealed class TraceParentTests
{
    private const string Good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData(Good, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", true)]
    public void Valid_IsRead(string text, bool isSampled)
    {
        Assert.True(TraceParent.TryParse(Encoding.ASCII.GetBytes(text), out TraceParent value));

        Assert.Equal(
            new TraceParent(0x0af7651916cd43dd, 0x8448eb211c80319c, 0xb7ad6b7169203331, isSampled), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ")]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("0-00af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01")]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x")]
    public void Malformed_IsNone(string text) =>
        Assert.False(TraceParent.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void Written_IsReadBack()
    {
        var random = new Random(7);
        Span<byte> text = stackalloc byte[TraceParent.TextBytes];
        for (int i = 0; i < 1_000; i++)
        {
            var value = new TraceParent(
                (ulong)random.NextInt64(), (ulong)random.NextInt64() | 1, (ulong)random.NextInt64() | 1, i % 2 == 0);
            value.Write(text);

            Assert.True(TraceParent.TryParse(text, out TraceParent read));
            Assert.Equal(value, read);
        }
    }

    [Fact]
    public void EveryByteChanged_IsNoneOrAnother()
    {
        byte[] text = Encoding.ASCII.GetBytes(Good);
        Assert.True(TraceParent.TryParse(text, out TraceParent good));
        for (int i = 0; i < text.Length; i++)
        {
            for (int value = 0; value <= byte.MaxValue; value++)
            {
                byte[] changed = [.. text];
                changed[i] = (byte)value;
                bool isRead = TraceParent.TryParse(changed, out TraceParent read);

                // Only a version, and flags that mean nothing to us, say the same in other words.
                Assert.True(!isRead || read != good || value == text[i] || i < 2 || i > 52);
            }
        }
    }
}
