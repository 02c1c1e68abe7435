using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public class QueryTests
{
    [Theory]
    [InlineData("/?a=1&debug=1&b=2", "?a=1&b=2")]
    [InlineData("/?debug&a=1", "?a=1")]
    [InlineData("/?a=1&debug=", "?a=1")]
    [InlineData("/?debug=1&debug=2", "")]
    [InlineData("/?a=debug&debugger=1", "?a=debug&debugger=1")]
    [InlineData("/?a=1&&b", "?a=1&&b")]
    [InlineData("/", "")]
    [InlineData("/?", "?")]
    public void Remove_Name_LeavesTheOthersAsTheyAre(string target, string query)
    {
        Assert.Equal(query, Run(target, new QuerySettings { Name = "m", Remove = new Sequence<string>(["debug"]) }));
    }

    // A name that the server reads and we do not would be the client's word for ours.
    [Theory]
    [InlineData("/?%64ebug=1&a=1", "?a=1")]
    [InlineData("/?d%65bu%67=1", "")]
    [InlineData("/?a=1;debug=1", "?a=1")]
    [InlineData("/?a=1;debug=1&b=2", "?a=1&b=2")]
    [InlineData("/?DEBUG=1", "?DEBUG=1")]
    [InlineData("/?de%bug=1", "?de%bug=1")]
    [InlineData("/?debug%=1", "?debug%=1")]
    public void Remove_OtherSpellings_AreFound(string target, string query)
    {
        Assert.Equal(query, Run(target, new QuerySettings { Name = "m", Remove = new Sequence<string>(["debug"]) }));
    }

    [Theory]
    [InlineData("/?user+id=root&x=1&user%20id=root", "?x=1&user%20id=a%26b%3D%C3%A4&tag=1&tag=2")]
    [InlineData("/", "?user%20id=a%26b%3D%C3%A4&tag=1&tag=2")]
    [InlineData("/?tag=0", "?tag=0&user%20id=a%26b%3D%C3%A4&tag=1&tag=2")]
    public void SetAndAppend_Values_AreEncodedAndSetIsTheOnlyOne(string target, string query)
    {
        Assert.Equal(query, Run(target, new QuerySettings
        {
            Name = "m",
            Set = new Sequence<QueryParameter>([new("user id", "a&b=ä")]),
            Append = new Sequence<QueryParameter>([new("tag", "1"), new("tag", "2")]),
        }));
    }

    [Fact]
    public void Query_LongerThanTheStack_IsKeptWhole()
    {
        string rest = new('a', 3_000);

        Assert.Equal($"?{rest}=1", Run(
            $"/?{rest}=1&debug=1", new QuerySettings { Name = "m", Remove = new Sequence<string>(["debug"]) }));
    }

    [Fact]
    public void Query_Warm_AllocatesNothing()
    {
        using var bench = MiddlewareBench.Get("/a?b=c&debug=1&x=y");
        bench.AssertNoAllocations(new Query(new QuerySettings
        {
            Name = "m",
            Remove = new Sequence<string>(["debug"]),
            Set = new Sequence<QueryParameter>([new("x", "z")]),
        }));
    }

    [Fact]
    public void Settings_EqualLists_AreEqual()
    {
        static QuerySettings Of(string value) => new()
        {
            Name = "m",
            Set = new Sequence<QueryParameter>([new("x", value)]),
        };

        Assert.Equal(Of("1"), Of("1"));
        Assert.NotEqual(Of("1"), Of("2"));
    }

    private static string Run(string target, QuerySettings settings)
    {
        using var bench = MiddlewareBench.Get(target);
        Assert.Equal(Verdict.Next, bench.Run(new Query(settings)));
        return bench.Query;
    }
}
