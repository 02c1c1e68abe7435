using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Tests.Telemetry;

/// <summary>A record with every fact, and texts of the test's choice.</summary>
internal sealed class SampleRecord
{
    /// <summary>2026-09-01T12:00:00.000250Z</summary>
    public const long StartedUnixUs = 1_788_264_000_000_250;

    private readonly List<byte> _texts = [];
    private RequestRecord _record;

    public SampleRecord(
        string method = "GET", string host = "shop.test", string path = "/a", string? query = "k=v&w=x",
        string requestId = "id7", params (int Index, string Value)[] fields)
    {
        _record = new RequestRecord
        {
            Uses = RecordUse.Log | RecordUse.Trace,
            Method = Method.Get,
            MinorVersion = 1,
            Status = 200,
            TryCount = 1,
            EntryPoint = "web",
            Router = "orders",
            Service = "app",
            ConfigHash = "0123456789abcdef",
            StartedUs = 1_000,
            DurationUs = 12_345,
            BytesReceived = 100,
            BytesSent = 200,
            Client = IpAddress.FromV4(0xC000_0207),
            ClientPort = 4000,
            Trace = new TraceParent(1, 2, 3, true),
            ParentSpan = 9,
            IsTraced = true,
            HasQuery = query is not null,
            Texts = new TextLengths
            {
                Method = Put(method),
                Host = Put(host),
                Path = Put(path),
                Query = Put(query ?? ""),
                RequestId = Put(requestId),
                Fields = PutFields(fields),
            },
        };
        _record.Tries[0] = new TryRecord
        {
            Server = "127.0.0.1:9000",
            Span = 4,
            StartedUs = 2_000,
            AnsweredUs = 9_000,
            EndedUs = 12_000,
            Status = 200,
            IsReused = true,
        };
    }

    /// <summary>What a guard found; once.</summary>
    public void NoteFindings(string findings) => _record.Texts.Findings = Put(findings);

    /// <summary>Of a call of a model; once, after what a guard found.</summary>
    public void NoteModel(params (ModelFact Fact, byte[] Value)[] facts)
    {
        var writer = new ModelFactWriter(new byte[ModelFactWriter.BytesMax]);
        foreach ((ModelFact fact, byte[] value) in facts)
        {
            writer.Add(fact, value);
        }

        _texts.AddRange(writer.Written);
        _record.Texts.Model = (ushort)writer.Written.Length;
    }

    public ref RequestRecord Record => ref _record;

    public RecordView View => new(in _record, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_texts));

    public string Line(AccessLogSettings settings)
    {
        var line = new LineBuffer();
        new AccessLogLine(settings).Write(line, View, StartedUnixUs);
        return Encoding.Latin1.GetString(line.Written);
    }

    private ushort Put(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        _texts.AddRange(bytes);
        return (ushort)bytes.Length;
    }

    private ushort PutFields((int Index, string Value)[] fields)
    {
        int before = _texts.Count;
        foreach ((int index, string value) in fields)
        {
            _texts.AddRange([(byte)index, (byte)value.Length, (byte)(value.Length >> 8)]);
            Put(value);
        }

        return (ushort)(_texts.Count - before);
    }
}
