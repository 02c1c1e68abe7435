using System;
using System.Linq;
using System.Reflection;
using System.Text;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class ResponseHeadReaderTests
{
    private const string Typical =
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 06:00:00 GMT\r\nContent-Type: text/html\r\n"
        + "Content-Length: 612\r\nConnection: keep-alive\r\n\r\n";

    [Fact]
    public void Read_TypicalResponse_FillsTheHead()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        ResponseHead head = Read(Typical);

        Assert.Equal(200, head.StatusCode);
        Assert.Equal("200 OK", Encoding.Latin1.GetString(head.StatusAndReason.Of(bytes)));
        Assert.Equal(
            (BodyFraming.ContentLength, 612L, true, 5),
            (head.Framing, head.ContentLength, head.KeepAlive, head.FieldCount));
        Assert.Equal(bytes.Length, head.Length);
        Assert.True(head.Has(KnownHeader.Server) && head.Has(KnownHeader.Date));
    }

    [Fact]
    public void Read_EveryProperPrefix_NeedsMore()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        for (int length = 0; length < bytes.Length; length++)
        {
            var head = new ResponseHead();
            Assert.Equal(ParseStatus.NeedMore, ReadInto(head, bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Read_OneByteAtATime_NeverScansAByteTwice()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        var head = new ResponseHead();
        for (int length = 1; length < bytes.Length; length++)
        {
            Assert.Equal(ParseStatus.NeedMore, ReadInto(head, bytes.AsSpan(0, length)));
            Assert.Equal(bytes[length - 1] == (byte)'\r' ? length - 1 : length, head.ResumeScan);
        }

        Assert.Equal(ParseStatus.Complete, ReadInto(head, bytes));
        Assert.Equal(5, head.FieldCount);
    }

    [Fact]
    public void Read_Warm_AllocatesNothing()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        var head = new ResponseHead();
        int sum = (int)ReadInto(head, bytes);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                head.Reset();
                sum += (int)ReadInto(head, bytes) + head.Length;
            }
        });
        Assert.NotEqual(0, sum);
    }

    [Fact]
    public void Reset_AfterUse_EqualsAFreshHead()
    {
        var used = new ResponseHead();
        PropertyInfo[] properties = typeof(ResponseHead).GetProperties();
        foreach (PropertyInfo property in properties.Where(p => p.SetMethod?.IsPublic == true))
        {
            property.SetValue(used, RequestHeadReaderTests.Something(property.PropertyType));
        }

        used.Add(default);
        used.Reset();

        RequestHeadReaderTests.AssertFresh(new ResponseHead(), used);
        Assert.Equal(-1, used.ContentLength);
    }

    [Theory]
    [InlineData("Get", "200 OK", "Content-Length: 5\r\n", "ContentLength", 5, true)]
    [InlineData("Get", "200 OK", "Transfer-Encoding: chunked\r\n", "Chunked", -1, true)]
    [InlineData("Get", "200 OK", "", "UntilClose", -1, false)]
    [InlineData("Get", "200 OK", "Content-Length: 5\r\nConnection: close\r\n", "ContentLength", 5, false)]
    [InlineData("Head", "200 OK", "Content-Length: 5\r\n", "None", 5, true)]
    [InlineData("Head", "200 OK", "", "None", -1, true)]
    [InlineData("Head", "200 OK", "Transfer-Encoding: chunked\r\n", "None", -1, true)]
    [InlineData("Get", "304 Not Modified", "Content-Length: 5\r\n", "None", 5, true)]
    [InlineData("Get", "204 No Content", "", "None", -1, true)]
    [InlineData("Get", "204 No Content", "Content-Length: 0\r\n", "None", 0, true)]
    [InlineData("Get", "204 No Content", "Content-Length: 5\r\n", "None", 5, false)]
    [InlineData("Get", "204 No Content", "Transfer-Encoding: chunked\r\n", "None", -1, false)]
    [InlineData("Get", "100 Continue", "", "None", -1, true)]
    [InlineData("Get", "103 Early Hints", "Link: </a>\r\n", "None", -1, true)]
    [InlineData("Get", "205 Reset Content", "Content-Length: 0\r\n", "ContentLength", 0, true)]
    [InlineData("Post", "404 Not Found", "Content-Length: 0\r\n", "ContentLength", 0, true)]
    public void Read_Framing_FollowsMethodStatusAndFields(
        string method, string status, string fields, string framing, long length, bool keepAlive)
    {
        ResponseHead head = Read($"HTTP/1.1 {status}\r\n{fields}\r\n", Enum.Parse<Method>(method));

        Assert.Equal((framing, length, keepAlive), (head.Framing.ToString(), head.ContentLength, head.KeepAlive));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("Connection: keep-alive\r\n", true)]
    public void Read_Http10_PersistsOnlyWhenAsked(string fields, bool expected) =>
        Assert.Equal(expected, Read($"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n{fields}\r\n").KeepAlive);

    [Theory]
    [InlineData("101 Switching Protocols", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true)]
    [InlineData("101 Switching Protocols", "Upgrade: websocket\r\n", false)]
    [InlineData("101 Switching Protocols", "Connection: Upgrade\r\n", false)]
    [InlineData("200 OK", "Connection: Upgrade\r\nUpgrade: websocket\r\n", false)]
    public void Read_Upgrade_NeedsStatusOptionAndField(string status, string fields, bool expected) =>
        Assert.Equal(expected, Read($"HTTP/1.1 {status}\r\n{fields}\r\n").HasUpgrade);

    [Theory]
    [InlineData("HTTP/1.1 200\r\n\r\n", "200")]
    [InlineData("HTTP/1.1 200 \r\n\r\n", "200 ")]
    [InlineData("HTTP/1.1 999 a\tb \u00E9\r\n\r\n", "999 a\tb \u00E9")]
    public void Read_ReasonPhrase_MayBeMissing(string text, string expected)
    {
        ResponseHead head = Read(text);
        Assert.Equal(expected, Encoding.Latin1.GetString(head.StatusAndReason.Of(Encoding.Latin1.GetBytes(text))));
    }

    [Fact]
    public void Read_ConnectionNamesField_MarksIt()
    {
        ResponseHead head = Read("HTTP/1.1 200 OK\r\nX-Secret: 1\r\nConnection: x-secret\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(FieldTraits.ListedInConnection, head.Fields[0].Traits);
    }

    private static ResponseHead Read(string text, Method method = Method.Get)
    {
        var head = new ResponseHead();
        ParseStatus status = ResponseHeadReader.Read(Encoding.Latin1.GetBytes(text), HeadLimits.Default, method, head);
        Assert.Equal((ParseStatus.Complete, RejectReason.None), (status, head.Reason));
        return head;
    }

    private static ParseStatus ReadInto(ResponseHead head, ReadOnlySpan<byte> bytes) =>
        ResponseHeadReader.Read(bytes, HeadLimits.Default, Method.Get, head);
}
