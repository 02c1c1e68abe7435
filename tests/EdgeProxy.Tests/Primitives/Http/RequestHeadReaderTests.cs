using System;
using System.Linq;
using System.Reflection;
using System.Text;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class RequestHeadReaderTests
{
    private const string Typical =
        "GET /api/v1/orders?id=42 HTTP/1.1\r\nHost: shop.example.com:8080\r\nUser-Agent: curl/8.5.0\r\n"
        + "Accept: */*\r\nAccept-Encoding: gzip, br\r\nX-Request-Id: 3f2a\r\nConnection: keep-alive\r\n\r\n";

    [Fact]
    public void Read_TypicalRequest_FillsTheHead()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical + "BODY");
        var head = new RequestHead();

        Assert.Equal(ParseStatus.Complete, RequestHeadReader.Read(bytes, HeadLimits.Default, head));

        Assert.Equal(Method.Get, head.Method);
        Assert.Equal("GET", Text(head.MethodText, bytes));
        Assert.Equal("/api/v1/orders?id=42", Text(head.Target, bytes));
        Assert.Equal(TargetForm.Origin, head.Form);
        Assert.Equal("/api/v1/orders", Text(head.Path, bytes));
        Assert.Equal("id=42", Text(head.Query, bytes));
        Assert.True(head.HasQuery);
        Assert.Equal("shop.example.com:8080", Text(head.Authority, bytes));
        Assert.Equal("shop.example.com", Text(head.Host, bytes));
        Assert.Equal(8080, head.Port);
        Assert.Equal(1, head.MinorVersion);
        Assert.Equal(BodyFraming.None, head.Framing);
        Assert.True(head.KeepAlive);
        Assert.Equal(Typical.Length, head.Length);
        Assert.Equal(6, head.FieldCount);
        Assert.True(head.Has(KnownHeader.Host) && head.Has(KnownHeader.XRequestId) && !head.Has(KnownHeader.Cookie));
        HeaderField field = head.Fields[3];
        Assert.Equal("Accept-Encoding", Text(field.Name, bytes));
        Assert.Equal("gzip, br", Text(field.Value, bytes));
        Assert.Equal(KnownHeader.Unknown, field.Known);
        Assert.EndsWith("Accept-Encoding: gzip, br\r\n", Encoding.Latin1.GetString(bytes, 0, field.LineEnd));
    }

    [Fact]
    public void Read_EveryProperPrefix_NeedsMore()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        for (int length = 0; length < bytes.Length; length++)
        {
            var head = new RequestHead();
            ReadOnlySpan<byte> seen = bytes.AsSpan(0, length);
            Assert.Equal(ParseStatus.NeedMore, RequestHeadReader.Read(seen, HeadLimits.Default, head));
            Assert.Equal(0, head.Length);
        }
    }

    [Fact]
    public void Read_OneByteAtATime_NeverScansAByteTwice()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        var head = new RequestHead();
        for (int length = 1; length < bytes.Length; length++)
        {
            ReadOnlySpan<byte> seen = bytes.AsSpan(0, length);
            Assert.Equal(ParseStatus.NeedMore, RequestHeadReader.Read(seen, HeadLimits.Default, head));

            // A CR alone has to be looked at again once its LF is there.
            int scanned = bytes[length - 1] == (byte)'\r' ? length - 1 : length;
            Assert.Equal(scanned, head.ResumeScan);
            int line = seen.LastIndexOf("\r\n"u8);
            Assert.Equal(line < 0 ? 0 : line + 2, head.ResumeLine);
        }

        Assert.Equal(ParseStatus.Complete, RequestHeadReader.Read(bytes, HeadLimits.Default, head));
        Assert.Equal(6, head.FieldCount);
    }

    [Fact]
    public void Read_Warm_AllocatesNothing()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Typical);
        byte[] bad = Encoding.Latin1.GetBytes("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n");
        var head = new RequestHead();
        int sum = Sum(bytes, head) + Sum(bad, head);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                sum += Sum(bytes, head) + Sum(bad, head);
            }
        });
        Assert.NotEqual(0, sum);

        static int Sum(byte[] bytes, RequestHead head)
        {
            head.Reset();
            return (int)RequestHeadReader.Read(bytes, HeadLimits.Default, head) + head.Length;
        }
    }

    [Fact]
    public void Reset_AfterUse_EqualsAFreshHead()
    {
        var used = new RequestHead();
        foreach (PropertyInfo property in typeof(RequestHead).GetProperties().Where(p => p.SetMethod?.IsPublic == true))
        {
            property.SetValue(used, Something(property.PropertyType));
        }

        used.Add(default);
        used.Reset();

        AssertFresh(new RequestHead(), used);
    }

    [Fact]
    public void Read_AfterReset_KnowsNothingOfTheLastHead()
    {
        var head = new RequestHead();
        Read("POST http://u.test/x?y HTTP/1.1\r\nHost: t.test\r\nExpect: 100-continue\r\nTE: trailers\r\n"
            + "Transfer-Encoding: chunked\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n", head);
        Assert.True(head.WantsUpgrade && head.ExpectsContinue && head.AcceptsTrailers);

        head.Reset();
        Read("GET / HTTP/1.0\r\n\r\n", head);

        Assert.False(head.WantsUpgrade || head.ExpectsContinue || head.AcceptsTrailers || head.KeepAlive
            || head.HasQuery);
        Assert.True(head.Authority.IsEmpty && head.Host.IsEmpty);
        Assert.Equal(
            (TargetForm.Origin, BodyFraming.None, -1, 0),
            (head.Form, head.Framing, head.Port, head.FieldCount));
    }

    [Theory]
    [InlineData("HTTP/1.1", "", true)]
    [InlineData("HTTP/1.1", "Connection: close\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: CLOSE, x\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: keep-alive, close\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: x\r\nConnection: close\r\n", false)]
    [InlineData("HTTP/1.1", "Connection_: close\r\n", true)]
    [InlineData("HTTP/1.0", "", false)]
    [InlineData("HTTP/1.0", "Connection: Keep-Alive\r\n", true)]
    [InlineData("HTTP/1.0", "Connection: Keep-Alive, close\r\n", false)]
    public void Read_ConnectionOptions_DecideKeepAlive(string version, string fields, bool expected)
    {
        RequestHead head = Read($"GET / {version}\r\nHost: a\r\n{fields}\r\n");
        Assert.Equal(expected, head.KeepAlive);
    }

    [Theory]
    [InlineData("Connection: X-A\r\nX-A: 1\r\n", "X-A")]
    [InlineData("x-a: 1\r\nX-A: 2\r\nConnection: close, X-a\r\n", "x-a X-A")]
    [InlineData("Connection: X-Forwarded-For\r\nX-Forwarded-For: 1\r\n", "X-Forwarded-For")]
    [InlineData("Connection: Host, Content-Length\r\nContent-Length: 0\r\n", "")]
    [InlineData("Connection: Content_Length\r\nContent_Length: 0\r\n", "Content_Length")]
    [InlineData("Connection: X-B\r\nX-A: 1\r\n", "")]
    [InlineData("Connection: a\r\nConnection: b\r\nA: 1\r\nB: 1\r\n", "A B")]
    public void Read_ConnectionNamesFields_MarksThem(string fields, string marked)
    {
        string text = $"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n";
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        RequestHead head = Read(text);

        var names = head.Fields.ToArray()
            .Where(field => field.Traits.HasFlag(FieldTraits.ListedInConnection))
            .Select(field => Text(field.Name, bytes));
        Assert.Equal(marked, string.Join(' ', names));
    }

    [Theory]
    [InlineData("Connection: upgrade\r\nUpgrade: websocket\r\n", true)]
    [InlineData("Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\n", true)]
    [InlineData("Connection: keep-alive\r\nUpgrade: websocket\r\n", false)]
    [InlineData("Connection: upgrade\r\n", false)]
    [InlineData("Connection: upgrade\r\nUpgrade: h2c\r\n", false)]
    [InlineData("Connection: upgrade\r\nUpgrade: websocket, H2C\r\n", false)]
    [InlineData("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n", false)]
    public void Read_Upgrade_IsWantedOnlyWhenListedAndNotH2c(string fields, bool expected) =>
        Assert.Equal(expected, Read($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").WantsUpgrade);

    [Fact]
    public void Read_UpgradeInHttp10_IsIgnored() =>
        Assert.False(
            Read("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").WantsUpgrade);

    [Theory]
    [InlineData("HTTP/1.1", "Content-Length: 5\r\n", true)]
    [InlineData("HTTP/1.1", "Transfer-Encoding: chunked\r\n", true)]
    [InlineData("HTTP/1.1", "Content-Length: 0\r\n", false)]
    [InlineData("HTTP/1.1", "", false)]
    [InlineData("HTTP/1.0", "Content-Length: 5\r\n", false)]
    public void Read_Expect_CountsOnlyWithABodyToCome(string version, string fields, bool expected) =>
        Assert.Equal(expected,
            Read($"POST / {version}\r\nHost: a\r\nExpect: 100-Continue\r\n{fields}\r\n").ExpectsContinue);

    [Theory]
    [InlineData("X-Forwarded-For", "XForwardedFor", "None")]
    [InlineData("x_forwarded-FOR", "XForwardedFor", "Alias")]
    [InlineData("X.Forwarded.For", "XForwardedFor", "Alias")]
    [InlineData("Transfer_Encoding", "TransferEncoding", "Alias, HopByHop")]
    [InlineData("Keep-Alive", "KeepAlive", "HopByHop")]
    [InlineData("X+Forwarded+For", "Unknown", "None")]
    [InlineData("XForwardedFor", "Unknown", "None")]
    public void Read_FieldName_IsRecognised(string name, string known, string traits)
    {
        RequestHead head = Read($"GET / HTTP/1.1\r\nHost: a\r\n{name}: 1\r\n\r\n");
        HeaderField field = head.Fields[1];

        Assert.Equal((known, traits), (field.Known.ToString(), field.Traits.ToString()));
        bool counts = field.Known != KnownHeader.Unknown && !field.Traits.HasFlag(FieldTraits.Alias);
        Assert.Equal(counts, field.Known != KnownHeader.Unknown && head.Has(field.Known));
    }

    [Theory]
    [InlineData("GET http://A.test:81/p?q HTTP/1.1\r\nHost: b\r\n\r\n", "A.test:81", "A.test", 81, "/p")]
    [InlineData("GET http://a.test HTTP/1.1\r\nHost: b:1\r\n\r\n", "a.test", "a.test", -1, "")]
    [InlineData("GET http://[::1]:81 HTTP/1.1\r\nHost: b\r\n\r\n", "[::1]:81", "[::1]", 81, "")]
    [InlineData("GET / HTTP/1.1\r\nHost: b:\r\n\r\n", "b", "b", -1, "/")]
    public void Read_Authority_IsTheTargetsElseHosts(string text, string authority, string host, int port, string path)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        RequestHead head = Read(text);

        Assert.Equal(authority, Text(head.Authority, bytes));
        Assert.Equal(host, Text(head.Host, bytes));
        Assert.Equal(port, head.Port);
        Assert.Equal(path, Text(head.Path, bytes));
    }

    [Fact]
    public void Read_NarrowLimits_AreHeldEarly()
    {
        var limits = new HeadLimits { HeadBytes = 64, FieldCount = 2, TargetBytes = 16 };

        Assert.Equal(RejectReason.TargetTooLong, Refused("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", limits));
        Assert.Equal(RejectReason.HeadTooLarge, Refused("GET / HTTP/1.1\r\nHost: " + new string('a', 42), limits));
        Assert.Equal(RejectReason.FieldCountOverLimit, Refused("GET / HTTP/1.1\r\na:\r\nb:\r\nc:\r\n", limits));
        Assert.Equal(RejectReason.BareLineFeed, Refused("GET / HTTP/1.1\nHo", limits));
        Assert.Equal(RejectReason.ControlByte, Refused("GET /\u0001", limits));
    }

    private static RejectReason Refused(string text, HeadLimits limits)
    {
        var head = new RequestHead();
        Assert.Equal(ParseStatus.Malformed, RequestHeadReader.Read(Encoding.Latin1.GetBytes(text), limits, head));
        return head.Reason;
    }

    private static RequestHead Read(string text, RequestHead? into = null)
    {
        RequestHead head = into ?? new RequestHead();
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(ParseStatus.Complete, RequestHeadReader.Read(bytes, HeadLimits.Default, head));
        return head;
    }

    private static string Text(ByteRange range, byte[] bytes) => Encoding.Latin1.GetString(range.Of(bytes));

    internal static object Something(Type type) =>
        type == typeof(ByteRange) ? new ByteRange(3, 7)
        : type == typeof(bool) ? true
        : type.IsEnum ? Enum.GetValues(type).GetValue(1)!
        : Convert.ChangeType(77, type, null);

    internal static void AssertFresh(MessageHead fresh, MessageHead used)
    {
        for (Type? type = fresh.GetType(); type is not null; type = type.BaseType)
        {
            const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            foreach (FieldInfo field in type.GetFields(Own))
            {
                if (!field.FieldType.IsArray) // the room for fields is kept; how many count is FieldCount
                {
                    Assert.Equal(field.GetValue(fresh), field.GetValue(used));
                }
            }
        }
    }
}
