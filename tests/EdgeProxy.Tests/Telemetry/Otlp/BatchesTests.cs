using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry.Otlp;

/// <summary>What batches say, read by a decoder that knows nothing of the encoder.</summary>
public sealed class BatchesTests
{
    private static readonly OtlpResource s_resource = new(("service.name", "edge"), ("host.name", "caf\u00e9"))
    {
        ScopeVersion = "1.2",
    };

    private readonly ManualTime _time = new();
    private readonly BatchHandover _handover;

    public BatchesTests() => _handover = new BatchHandover(_time, TimeSpan.FromSeconds(1));

    [Fact]
    public void Spans_MoreTriesThanAreTold_TheFirstThreeAndTheLast()
    {
        var sample = new SampleRecord();
        sample.Record.TryCount = 9;
        sample.NoteFindings("prompt=email:mask:2");
        for (int i = 0; i < TryRecords.Max; i++)
        {
            sample.Record.Tries[i] = sample.Record.Tries[0] with
            {
                Span = (ulong)(10 + i),
                Status = i < 3 ? (short)0 : (short)200,
                Fault = i < 3 ? FaultKind.ConnectFailed : FaultKind.None,
            };
        }

        List<OtlpSpan> spans = Spans(sample);

        Assert.Equal(5, spans.Count);
        Assert.Equal("prompt=email:mask:2", spans[0].Attributes["edgeproxy.ai.guard"]);
        Assert.Equal(["", "1", "2", "8"], spans.Skip(1).Select(s =>
            s.Attributes.TryGetValue("http.request.resend_count", out object? count) ? count.ToString() : ""));
        Assert.All(spans.Skip(1).Take(3), span => Assert.Equal(
            ("connect_failed", 2, "connect_failed"),
            (span.Attributes["error.type"], span.StatusCode, span.StatusMessage)));
        Assert.Equal(0, spans[4].StatusCode);
        Assert.Equal(
            (SampleRecord.StartedUnixUs + 1_000) * 1_000, (long)spans[4].StartNanos); // a millisecond after the request
    }

    // A client's name for a model may be any bytes; a collector refuses the whole batch for those that are no UTF-8.
    [Theory]
    [InlineData("m\u00e9", true, "m\u00e9")]
    [InlineData("m\u00e9", false, "m\u00e9")]
    [InlineData("", true, null)]
    public void Spans_OfAModel_SayItsNameWhateverItIs(string model, bool isUtf8, string? told)
    {
        var sample = new SampleRecord();
        byte[] bytes = (isUtf8 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(model);
        sample.NoteModel(
            (ModelFact.Operation, "chat"u8.ToArray()), (ModelFact.RequestModel, bytes),
            (ModelFact.InputTokens, BitConverter.GetBytes(7L)), (ModelFact.FinishReason, "stop"u8.ToArray()));

        List<OtlpSpan> spans = Spans(sample);

        Assert.Equal(("GET orders", told is null ? "chat" : $"chat {told}"), (spans[0].Name, spans[1].Name));
        Assert.Equal(told, spans[1].Attributes.GetValueOrDefault("gen_ai.request.model"));
        Assert.Equal(
            (7L, "stop"),
            (spans[1].Attributes["gen_ai.usage.input_tokens"], spans[1].Attributes["gen_ai.response.finish_reasons"]));
        Assert.DoesNotContain("gen_ai.operation.name", spans[0].Attributes.Keys);
    }

    [Theory]
    [InlineData("error_within", 2)]
    [InlineData("cut", 2)]
    [InlineData("ok", 0)]
    [InlineData("over_plan", 0)]
    [InlineData("withheld", 0)]
    public void Spans_OfAModel_ThatFailedWithAGoodStatus_AreErrors(string outcome, int status)
    {
        var sample = new SampleRecord();
        sample.NoteModel((ModelFact.Outcome, Encoding.ASCII.GetBytes(outcome)));

        OtlpSpan call = Spans(sample)[1];

        Assert.Equal((status, status == 2 ? outcome : null), (call.StatusCode, call.Attributes.GetValueOrDefault("error.type")));
    }

    // What is kept from one record for the next must be that of its kind only.
    [Fact]
    public void Spans_AfterOthers_AreAsIfTheyWereTheFirst()
    {
        var random = new Random(11);
        string[] names = ["web", "orders", "app", "app2"];
        var used = new SpanBatches(s_resource, _handover);
        for (int i = 0; i < 3_000; i++)
        {
            var sample = new SampleRecord(requestId: $"id{i}");
            sample.Record.Method = Of(Method.Get, Method.Post);
            sample.Record.Status = Of<short>(0, 200, 404, 503);
            sample.Record.Fault = Of(FaultKind.None, FaultKind.None, FaultKind.ConnectFailed);
            sample.Record.FaultSide = Of(FaultSide.Client, FaultSide.Upstream);
            sample.Record.Reject = Of(RejectReason.None, RejectReason.None, RejectReason.BodyTooLarge);
            sample.Record.TryCount = Of<short>(0, 1, 1, 2);
            sample.Record.IsSecure = Of(false, true);
            sample.Record.HttpMajor = Of<byte>(1, 2);
            sample.Record.MinorVersion = Of<byte>(0, 1);
            sample.Record.EntryPoint = Of(names);
            sample.Record.Router = Of(null, "orders", "app");
            sample.Record.Service = Of(names);
            if (random.Next(2) == 0)
            {
                sample.NoteModel((ModelFact.Operation, Of("chat"u8.ToArray(), "embeddings"u8.ToArray())),
                    (ModelFact.Outcome, Of("ok"u8.ToArray(), "cut"u8.ToArray())));
            }

            sample.Record.Consumer = Of(null, "alice", "bob");
            sample.Record.AnsweredBy = Of(null, "key", "limit");
            sample.Record.OverLimit = Of(null, "limit", "limit2");
            sample.Record.ConfigHash = Of("h1", "h2");
            sample.Record.Trace = sample.Record.Trace with { IsSampled = Of(true, false) };
            sample.Record.ClientPort = random.Next(1, 65_536);
            sample.Record.BytesSent = random.NextInt64(1, 1L << 40);
            for (int number = 0; number < 2; number++)
            {
                sample.Record.Tries[number] = sample.Record.Tries[0] with
                {
                    Server = Of("127.0.0.1:9000", "127.0.0.1:9001", "[::1]:9000"),
                    Status = Of<short>(0, 200, 500),
                    Fault = Of(FaultKind.None, FaultKind.None, FaultKind.ConnectTimeout),
                    IsReused = Of(false, true),
                    AnsweredUs = Of(0, 9_000),
                };
            }

            Assert.Equal(Bytes(new SpanBatches(s_resource, _handover), sample), Bytes(used, sample));
        }

        T Of<T>(params ReadOnlySpan<T> pool) => pool[random.Next(pool.Length)];

        byte[] Bytes(SpanBatches batches, SampleRecord sample)
        {
            batches.Take(sample.View, SampleRecord.StartedUnixUs);
            batches.HandOver();
            Assert.True(_handover.TryTake(out BatchHandover.Batch batch));
            byte[] bytes = batch.Bytes[..batch.Length];
            _handover.Return(batch);
            return bytes;
        }
    }

    [Theory]
    [InlineData(200, FaultKind.None, FaultSide.Client, 0, "")]
    [InlineData(404, FaultKind.NoRoute, FaultSide.Client, 0, "")]
    [InlineData(500, FaultKind.None, FaultSide.Client, 2, "")]
    [InlineData(502, FaultKind.ConnectFailed, FaultSide.Upstream, 2, "connect_failed")]
    [InlineData(0, FaultKind.ClientGone, FaultSide.Client, 0, "")]
    [InlineData(200, FaultKind.UpstreamClosed, FaultSide.Upstream, 2, "upstream_closed")]
    public void ServerSpan_IsAnErrorIfItIsNotTheClients(int status, object fault, object side, int code, string message)
    {
        var sample = new SampleRecord();
        sample.Record.Status = (short)status;
        sample.Record.Fault = (FaultKind)fault;
        sample.Record.FaultSide = (FaultSide)side;

        OtlpSpan span = Spans(sample)[0];

        Assert.Equal((code, message), (span.StatusCode, span.StatusMessage));
    }

    [Fact]
    public void OddMethodAndBytes_AreTextAllTheSame()
    {
        var sample = new SampleRecord(method: "PURGE", path: "/\u00ff\u0080", host: "\u00e9");
        sample.Record.Method = Method.Other;
        sample.Record.Router = null;

        OtlpSpan span = Spans(sample)[0];

        Assert.Equal(("HTTP", "_OTHER", "PURGE", "/\u00ff\u0080", "\u00e9"),
            (span.Name, span.Attributes["http.request.method"], span.Attributes["http.request.method_original"],
            span.Attributes["url.path"], span.Attributes["server.address"]));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1_000, true)]
    public void Batches_AreFullByCountOrSize_DueByTime(int pathBytes, bool isFullBySize)
    {
        var batches = new SpanBatches(s_resource, _handover);
        var sample = new SampleRecord(path: new string('p', pathBytes));
        _time.Advance(TimeSpan.FromSeconds(1));
        batches.Take(sample.View, SampleRecord.StartedUnixUs);
        batches.Flush();
        Assert.Equal(2, Take().Count); // the first is due at once
        int spans = 0;
        BatchHandover.Batch full;
        while (!_handover.TryTake(out full))
        {
            batches.Flush();
            batches.Take(sample.View, SampleRecord.StartedUnixUs);
            spans += 2;
        }

        Assert.Equal(spans, full.Count);
        if (isFullBySize)
        {
            Assert.InRange(full.Length, OtlpLimits.BatchBytes, OtlpLimits.BatchBytes + 4096);
            Assert.InRange(full.Count, 2, OtlpLimits.BatchItems - 1);
        }
        else
        {
            Assert.Equal(OtlpLimits.BatchItems, full.Count);
            Assert.InRange(full.Length, 1, OtlpLimits.BatchBytes);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("größer")]
    public void Attributes_SayTheirLengths_WhateverTheText(string text)
    {
        var writer = new ProtoWriter();
        string shown = string.Concat(Enumerable.Repeat(text, 100)); // longer than a length of one byte
        writer.Attribute(OtlpFields.SpanAttributes, "key"u8, shown);
        writer.Attribute(OtlpFields.SpanAttributes, "key", shown);
        writer.Attribute(OtlpFields.SpanAttributes, "key"u8, Encoding.Latin1.GetBytes(shown));
        writer.Attribute(OtlpFields.SpanAttributes, "key", Encoding.Latin1.GetBytes(shown));

        byte[] value = [.. Message(OtlpFields.StringValue, Encoding.UTF8.GetBytes(shown))];
        byte[] attribute = [.. Message(OtlpFields.Key, "key"u8.ToArray()), .. Message(OtlpFields.Value, value)];
        Assert.Equal(Enumerable.Repeat(attribute, 4), MessagesOf(writer.Written.ToArray()));
    }

    private static IEnumerable<byte> Message(int field, byte[] content) =>
        [(byte)((field << 3) | 2), .. Varint(content.Length), .. content];

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }

    // The contents of fields of bytes one after the other, by the rules of protobuf.
    private static IEnumerable<byte[]> MessagesOf(byte[] bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            Assert.Equal((OtlpFields.SpanAttributes << 3) | 2, bytes[at++]);
            int length = 0;
            for (int shift = 0; ; shift += 7)
            {
                length |= (bytes[at] & 0x7F) << shift;
                if (bytes[at++] < 0x80)
                {
                    break;
                }
            }

            yield return bytes[at..(at + length)];
            at += length;
        }
    }

    [Fact]
    public void TooManyWait_AreDropped_CountedByItem()
    {
        for (int i = 0; i < OtlpLimits.WaitingBatchesMax; i++)
        {
            _handover.Put(OtlpKind.Logs, 1, "x"u8);
        }

        _handover.Put(OtlpKind.Logs, 70, "x"u8);
        _handover.Put(OtlpKind.Traces, 5, "x"u8);

        Assert.Equal((70, 5), (_handover.Dropped(OtlpKind.Logs), _handover.Dropped(OtlpKind.Traces)));
    }

    [Fact]
    public void Encoding_Warm_AllocatesNothing()
    {
        var settings = new AccessLogSettings
        {
            Fields = new Sequence<LoggedField>([new LoggedField(FieldName.Of("User-Agent"), ValueTelling.Keep)]),
        };
        var spans = new SpanBatches(s_resource, _handover);
        var logs = new LogBatches(s_resource, settings, _handover, _time);
        var sample = new SampleRecord(fields: [(0, "curl")]);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                spans.Take(sample.View, SampleRecord.StartedUnixUs);
                logs.Take(sample.View, SampleRecord.StartedUnixUs);
            }

            while (_handover.TryTake(out BatchHandover.Batch batch))
            {
                _handover.Return(batch);
            }
        });
    }

    [Fact]
    public void Lengths_UpToTheBoundOfABatch_AreReadBack()
    {
        foreach (int length in (int[])[0, 1, 127, 128, 16_383, 16_384, 200_000])
        {
            var writer = new ProtoWriter(16);
            int outer = writer.Begin(1);
            int inner = writer.Begin(2);
            writer.Bytes(3, new byte[length]);
            writer.End(inner);
            writer.Number(4, (ulong)length);
            writer.End(outer);

            ProtoField message = ProtoField.Read(writer.Written.ToArray()).Single();
            List<ProtoField> fields = ProtoField.Read(message.Bytes);
            Assert.Equal((2, 4, (ulong)length), (fields[0].Number, fields[1].Number, fields[1].Value));
            Assert.Equal(length, ProtoField.Read(fields[0].Bytes).Single().Bytes.Length);
        }
    }

    private List<OtlpSpan> Spans(SampleRecord sample)
    {
        var batches = new SpanBatches(s_resource, _handover);
        batches.Take(sample.View, SampleRecord.StartedUnixUs);
        batches.HandOver();
        BatchHandover.Batch batch = Take();
        byte[] request = batch.Bytes[..batch.Length];
        Assert.Equal("caf\u00e9", OtlpDecoder.Resource(request)["host.name"]);
        return OtlpDecoder.Spans(request);
    }

    private BatchHandover.Batch Take()
    {
        Assert.True(_handover.TryTake(out BatchHandover.Batch batch));
        return batch;
    }
}
