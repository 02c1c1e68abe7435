using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public class StatusSetTests
{
    [Theory]
    [InlineData("100", 100, 100)]
    [InlineData("500-599", 500, 599)]
    [InlineData("204-204", 204, 204)]
    public void TryParse_Range_IsRead(string text, int first, int last)
    {
        Assert.True(StatusRange.TryParse(text, out StatusRange range));
        Assert.Equal(new StatusRange(first, last), range);
    }

    [Theory]
    [InlineData("")]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("0200")]
    [InlineData("5xx")]
    [InlineData("500-")]
    [InlineData("-500")]
    [InlineData("500-400")]
    [InlineData("200-300-400")]
    [InlineData(" 200")]
    public void TryParse_Else_IsRefused(string text) => Assert.False(StatusRange.TryParse(text, out _));

    [Fact]
    public void Contains_EveryStatus_IsAsTheRangesSay()
    {
        var set = new StatusSet(new StatusRange(100, 100), new StatusRange(191, 193), new StatusRange(599, 599));
        for (int status = -1; status < 1100; status++)
        {
            Assert.Equal(status is 100 or 191 or 192 or 193 or 599, set.Contains(status));
        }
    }

    [Fact]
    public void Equals_SameStatuses_AreEqual()
    {
        var one = new StatusSet(new StatusRange(200, 299));
        var other = new StatusSet(new StatusRange(250, 299), new StatusRange(200, 260));

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, StatusSet.Empty);
    }
}
