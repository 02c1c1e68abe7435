using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class AccessLogLineTests
{
    private static readonly Sequence<LoggedField> s_fields = new(
    [
        new LoggedField(FieldName.Of("Referer"), ValueTelling.Keep),
        new LoggedField(FieldName.Of("User-Agent"), ValueTelling.Keep),
        new LoggedField(FieldName.Of("Authorization"), ValueTelling.Redact),
    ]);

    [Fact]
    public void Json_HasEveryFact()
    {
        var settings = new AccessLogSettings { Fields = s_fields };
        string line = new SampleRecord(fields: [(1, "curl/8"), (2, "Bearer s3cret")]).Line(settings);

        Assert.Equal(
            """
            {"time":"2026-09-01T12:00:00.000250Z","client_address":"192.0.2.7","client_port":4000,"method":"GET",
            "host":"shop.test","path":"/a","query":"k=REDACTED&w=REDACTED","protocol":"HTTP/1.1","status":200,
            "duration_ms":12.345,"overhead_ms":2.345,"bytes_received":100,"bytes_sent":200,"entrypoint":"web",
            "router":"orders","service":"app","server":"127.0.0.1:9000","tries":1,"config":"0123456789abcdef",
            "request_id":"id7","trace_id":"00000000000000010000000000000002","span_id":"0000000000000003",
            "headers":{"User-Agent":"curl/8","Authorization":"REDACTED"}}
            """.Replace("\n", "") + "\n",
            line);
    }

    [Fact]
    public void Json_WhatIsNotThere_IsNotTold()
    {
        var sample = new SampleRecord(query: null);
        sample.Record.Router = null;
        sample.Record.Service = null;
        sample.Record.TryCount = 0;
        sample.Record.IsTraced = false;
        sample.Record.Trace = default;
        sample.Record.Status = 404;
        sample.Record.Fault = FaultKind.NoRoute;

        using JsonDocument line = JsonDocument.Parse(sample.Line(new AccessLogSettings()));

        Assert.Equal("no_route", line.RootElement.GetProperty("fault").GetString());
        Assert.All(
            ["query", "router", "service", "server", "tries", "trace_id", "span_id", "headers", "consumer", "tls",
                "answered_by", "over_limit"],
            name => Assert.False(line.RootElement.TryGetProperty(name, out _), name));
    }

    [Fact]
    public void Json_EachMemberCanBeDropped()
    {
        foreach (AccessLogLine.Members member in Enum.GetValues<AccessLogLine.Members>())
        {
            if (member is AccessLogLine.Members.None or AccessLogLine.Members.All)
            {
                continue;
            }

            string name = EdgeProxy.Primitives.Text.SnakeCase.Of(member.ToString());
            var settings = new AccessLogSettings { Fields = s_fields, Dropped = new Sequence<string>([name]) };
            var sample = new SampleRecord(fields: [(1, "x")]);
            sample.Record.Fault = FaultKind.UpstreamClosed;
            sample.Record.Consumer = "alice";
            sample.Record.AnsweredBy = "limit";
            sample.Record.OverLimit = "trial";
            sample.Record.IsSecure = true;
            sample.NoteFindings("prompt=email:mask:2");
            using JsonDocument all = JsonDocument.Parse(
                sample.Line(settings with { Dropped = Sequence<string>.Empty }));
            using JsonDocument line = JsonDocument.Parse(sample.Line(settings));

            Assert.True(all.RootElement.TryGetProperty(name, out _), name);
            Assert.Equal(
                all.RootElement.EnumerateObject().Select(p => p.Name).Where(n => n != name),
                line.RootElement.EnumerateObject().Select(p => p.Name));
        }
    }

    [Theory]
    [InlineData(AccessLogForm.Common,
        "192.0.2.7 - - [01/Sep/2026:12:00:00 +0000] \"GET /a?k=REDACTED&w=REDACTED HTTP/1.1\" 200 200\n")]
    [InlineData(AccessLogForm.Combined,
        "192.0.2.7 - - [01/Sep/2026:12:00:00 +0000] \"GET /a?k=REDACTED&w=REDACTED HTTP/1.1\" 200 200 \"-\" \"curl/8\"\n")]
    public void Common_IsNcsas(object form, string expected)
    {
        var settings = new AccessLogSettings { Form = (AccessLogForm)form, Fields = s_fields };

        Assert.Equal(expected, new SampleRecord(fields: [(1, "curl/8")]).Line(settings));
    }

    [Theory]
    [InlineData(AccessLogForm.Json)]
    [InlineData(AccessLogForm.Combined)]
    public void AnyByte_CannotForgeALine(object form)
    {
        string hostile = string.Concat(Enumerable.Range(0, 256).Select(i => (char)i));
        var settings = new AccessLogSettings
        {
            Form = (AccessLogForm)form,
            Fields = s_fields,
            Query = ValueTelling.Keep,
        };
        string line = new SampleRecord(
            method: hostile, host: hostile, path: hostile, query: hostile, fields: [(0, hostile), (1, hostile)])
            .Line(settings);

        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        Assert.All(line[..^1], c => Assert.InRange(c, ' ', '~'));
        if (settings.Form == AccessLogForm.Json)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            Assert.Equal(hostile, json.RootElement.GetProperty("path").GetString());
            Assert.Equal(hostile, json.RootElement.GetProperty("headers").GetProperty("Referer").GetString());
        }
        else
        {
            // Quotes that are not the line's own are escaped.
            Assert.Equal(6, line.Count(c => c == '"'));
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a=b", "a=REDACTED")]
    [InlineData("a=b&c=d=e&f=", "a=REDACTED&c=REDACTED&f=REDACTED")]
    [InlineData("token", "REDACTED")]
    [InlineData("&a=1&&", "&a=REDACTED&&")]
    public void Redaction_TellsNamesOnly(string query, string told)
    {
        Span<byte> destination = stackalloc byte[200];

        int length = QueryRedaction.Write(Encoding.ASCII.GetBytes(query), destination);

        Assert.Equal(told, Encoding.ASCII.GetString(destination[..length]));
    }

    [Fact]
    public void Redaction_NoRoom_TellsLess()
    {
        Span<byte> destination = stackalloc byte[15];

        Assert.Equal(11, QueryRedaction.Write("a=1&b=2"u8, destination));
    }

    [Theory]
    [InlineData(ValueTelling.Drop, false, "")]
    [InlineData(ValueTelling.Keep, true, "k=v&w=x")]
    public void Query_AsConfigured(object telling, bool isTold, string query)
    {
        var settings = new AccessLogSettings { Query = (ValueTelling)telling };
        using JsonDocument line = JsonDocument.Parse(new SampleRecord().Line(settings));

        Assert.Equal(isTold, line.RootElement.TryGetProperty("query", out JsonElement told));
        Assert.Equal(query, isTold ? told.GetString() : "");
    }

    [Fact]
    public void Write_Warm_AllocatesNothing()
    {
        var sample = new SampleRecord(fields: [(1, "x")]);
        var json = new AccessLogLine(new AccessLogSettings { Fields = s_fields });
        var combined = new AccessLogLine(new AccessLogSettings { Fields = s_fields, Form = AccessLogForm.Combined });
        var line = new LineBuffer();
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                line.Truncate(0);
                json.Write(line, sample.View, SampleRecord.StartedUnixUs);
                combined.Write(line, sample.View, SampleRecord.StartedUnixUs);
            }
        });
    }
}
