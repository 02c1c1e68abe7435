using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using EdgeProxy.EntryPoints;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>What a server hears of a request's id and trace, and what the client hears.</summary>
public sealed partial class CorrelationTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Span = "b7ad6b7169203331";
    private const string Ok = "HTTP/1.1 200 OK\r\nX-Request-Id: server\r\nContent-Length: 0\r\n\r\n";

    private static readonly TraceSettings s_all = new() { Ratio = TraceRatio.Of(1) };

    [Theory]
    [InlineData("X-Request-Id: a-1:b/2", "a-1:b/2")]
    [InlineData("X-Request-Id: bad id\r\nX-Request-Id: good", "good")]
    [InlineData("X-Request-Id: one\r\nX-Request-Id: two", "one")]
    public void RequestId_OfTheClient_IsKept(string fields, string id) =>
        Assert.Equal([id], Values(Seen(fields, TelemetrySettings.Default), "X-Request-Id"));

    [Theory]
    [InlineData("")]
    [InlineData("X-Request-Id: a b")]
    [InlineData("X-Request-Id: \"a\"")]
    [InlineData("X_Request_Id: a")]
    [InlineData("X-Request-Id: a\r\nConnection: x-request-id")]
    public void RequestId_OtherwiseIsMadeHere(string fields)
    {
        string id = Assert.Single(Values(Seen(fields, TelemetrySettings.Default), "X-Request-Id"));

        Assert.Matches("^[0-9a-f]{32}$", id);
    }

    [Theory]
    [InlineData(ClientTrust.Any, false, true)]
    [InlineData(ClientTrust.Trusted, false, false)]
    [InlineData(ClientTrust.Trusted, true, true)]
    [InlineData(ClientTrust.None, true, false)]
    public void RequestId_OfWhomItIsTaken(object trust, bool isTrusted, bool isKept)
    {
        var settings = new TelemetrySettings { RequestIds = (ClientTrust)trust };

        string id = Assert.Single(Values(Seen("X-Request-Id: theirs", settings, isTrusted), "X-Request-Id"));

        Assert.Equal(isKept, id == "theirs");
    }

    [Fact]
    public void RequestId_IsTheSameInTheAnswer_IfItIsToldThere()
    {
        using var engine = new Engine(telemetry: new TelemetrySettings { AnswersRequestId = true });
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        server.Feed(Ok);

        string id = Assert.Single(Values(server.WrittenText, "X-Request-Id"));
        Assert.Equal([id], Values(client.WrittenText, "X-Request-Id"));
    }

    [Fact]
    public void Tracing_Off_AValidContextPassesOn()
    {
        string head = Seen($"traceparent: 00-{Trace}-{Span}-01\r\ntracestate: a=1,b=2", TelemetrySettings.Default);

        Assert.Equal([$"00-{Trace}-{Span}-01"], Values(head, "traceparent"));
        Assert.Equal(["a=1,b=2"], Values(head, "tracestate"));
    }

    [Theory]
    [InlineData($"traceparent: 00-{Trace}-0000000000000000-01")]
    [InlineData($"traceparent: 00-{Trace}-{Span}-01\r\nTraceparent: 00-{Trace}-{Span}-01")]
    [InlineData($"traceparent: 00-{Trace}-{Span}-01\r\nConnection: traceparent")]
    [InlineData("Traceparent:")]
    public void Malformed_IsDroppedWithItsState(string fields)
    {
        string head = Seen($"{fields}\r\ntracestate: a=1", TelemetrySettings.Default);

        Assert.Empty(Values(head, "traceparent"));
        Assert.Empty(Values(head, "tracestate"));
    }

    [Theory]
    [InlineData($"traceparent: 00-{Trace}-0000000000000000-01\r\ntracestate: a=1")]
    [InlineData("tracestate: a=1")]
    [InlineData("")]
    public void Tracing_WithoutAParent_BeginsATrace(string fields)
    {
        string head = Seen(fields, new TelemetrySettings { Traces = s_all });

        string parent = Assert.Single(Values(head, "traceparent"));
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", parent);
        Assert.DoesNotContain(Trace, parent);
        Assert.Empty(Values(head, "tracestate"));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("01")]
    public void Tracing_AParent_IsContinuedWithItsDecision(string flags)
    {
        string fields = $"traceparent: 00-{Trace}-{Span}-{flags}\r\ntracestate: a=1\r\ntracestate: b=2";

        string head = Seen(fields, new TelemetrySettings { Traces = s_all });

        string parent = Assert.Single(Values(head, "traceparent"));
        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-{flags}$", parent);
        Assert.DoesNotContain(Span, parent);
        Assert.Equal(["a=1", "b=2"], Values(head, "tracestate"));
    }

    [Theory]
    [InlineData(ClientTrust.Trusted, false, false)]
    [InlineData(ClientTrust.Trusted, true, true)]
    [InlineData(ClientTrust.None, true, false)]
    public void Tracing_OfWhomAParentIsTaken(object trust, bool isTrusted, bool isContinued)
    {
        var settings = new TelemetrySettings { Traces = s_all with { Parents = (ClientTrust)trust } };

        string head = Seen($"traceparent: 00-{Trace}-{Span}-00\r\ntracestate: a=1", settings, isTrusted);

        Assert.Equal(isContinued, Values(head, "traceparent").Single().Contains(Trace));
        Assert.Equal(isContinued ? 1 : 0, Values(head, "tracestate").Length);
    }

    [Fact]
    public void Ratio_TakesItsShare()
    {
        using var engine = new Engine(telemetry: new TelemetrySettings
        {
            Traces = new TraceSettings { Ratio = TraceRatio.Of(0.25) },
        });
        int sampled = 0;
        for (int i = 0; i < 2_000; i++)
        {
            MemoryLink server = engine.Idle();
            MemoryLink client = engine.Accept();
            client.Feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            server.Feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            sampled += Values(server.WrittenText, "traceparent").Single().EndsWith("-01") ? 1 : 0;
        }

        Assert.InRange(sampled, 400, 600);
    }

    private static string Seen(string fields, TelemetrySettings settings, bool isTrusted = false)
    {
        var web = new EntryPointSettings
        {
            Name = "web",
            Address = new IPEndPoint(IPAddress.Loopback, 0),
            TrustedIps = isTrusted ? [IPNetwork.Parse("192.0.2.0/24")] : [],
        };
        using var engine = new Engine(telemetry: settings, entryPoint: web);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed($"GET / HTTP/1.1\r\nHost: a\r\n{fields}{(fields.Length > 0 ? "\r\n" : "")}\r\n");
        string head = server.WrittenText;
        server.Feed(Ok);
        Assert.StartsWith("HTTP/1.1 200 ", client.WrittenText);
        return head;
    }

    private static string[] Values(string head, string name) =>
    [
        .. Lines().Split(head)
            .Where(line => line.StartsWith($"{name}:", System.StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim()),
    ];

    [GeneratedRegex("\r\n")]
    private static partial Regex Lines();
}
