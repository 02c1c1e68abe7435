using System;
using System.Globalization;
using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry;

/// <summary>Writes a record as one line of the access log.</summary>
internal sealed class AccessLogLine
{
    private const int QueryBytesMax = TelemetryLimits.TargetBytesMax * 2;
    private const int TimeBytesMax = 40;

    private readonly AccessLogSettings _settings;
    private readonly byte[] _query = new byte[QueryBytesMax];
    private readonly int _referer;
    private readonly int _userAgent;
    private readonly Members _members;
    private readonly PieceTable<RequestKey> _names = new();
    private readonly byte[] _time = new byte[TimeBytesMax];
    private long _second = long.MinValue;
    private int _timeBytes;

    public AccessLogLine(AccessLogSettings settings)
    {
        _settings = settings;
        _referer = IndexOf("referer"u8);
        _userAgent = IndexOf("user-agent"u8);
        _members = Members.All;
        foreach (string name in settings.Dropped)
        {
            _members &= ~Enum.Parse<Members>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        }
    }

    /// <summary>What a JSON line may hold; their names in snake case are the keys.</summary>
    [Flags]
    internal enum Members
    {
        None = 0,
        ClientAddress = 1 << 0,
        ClientPort = 1 << 1,
        Method = 1 << 2,
        Host = 1 << 3,
        Path = 1 << 4,
        Query = 1 << 5,
        Protocol = 1 << 6,
        Status = 1 << 7,
        DurationMs = 1 << 8,
        OverheadMs = 1 << 9,
        BytesReceived = 1 << 10,
        BytesSent = 1 << 11,
        Entrypoint = 1 << 12,
        Router = 1 << 13,
        Service = 1 << 14,
        Server = 1 << 15,
        Tries = 1 << 16,
        Consumer = 1 << 17,
        Tls = 1 << 18,
        RequestId = 1 << 19,
        TraceId = 1 << 20,
        SpanId = 1 << 21,
        Fault = 1 << 22,
        Headers = 1 << 23,
        Config = 1 << 24,
        Guard = 1 << 25,
        AnsweredBy = 1 << 26,
        OverLimit = 1 << 27,
        Offline = 1 << 28,
        All = (1 << 29) - 1,
    }

    /// <summary>Adds the line, its line feed included.</summary>
    public void Write(LineBuffer line, in RecordView view, long startedUnixUs)
    {
        if (_settings.Form == AccessLogForm.Json)
        {
            WriteJson(line, view, startedUnixUs);
        }
        else
        {
            WriteCommon(line, view, startedUnixUs);
        }

        line.Add("\n"u8);
    }

    /// <summary>The query as it may be told; empty if it is not, or there is none.</summary>
    public ReadOnlySpan<byte> QueryOf(in RecordView view) => _settings.Query switch
    {
        ValueTelling.Keep => view.Query,
        ValueTelling.Redact => _query.AsSpan(0, QueryRedaction.Write(view.Query, _query)),
        _ => default,
    };

    /// <summary>A field's value as it may be told.</summary>
    public ReadOnlySpan<byte> ValueOf(in FieldReading field) =>
        _settings.Fields[field.Index].Telling == ValueTelling.Keep ? field.Value : QueryRedaction.Redacted;

    private void WriteJson(LineBuffer line, in RecordView view, long startedUnixUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        line.Add("{\"time\":\""u8);
        long second = AddSecond(line, startedUnixUs, "yyyy-MM-dd'T'HH:mm:ss");
        line.Add("."u8).AddDigits(startedUnixUs - (second * 1_000_000), 6).Add("Z\""u8);
        if (Has(Members.ClientAddress))
        {
            line.Add(",\"client_address\":\""u8).Add(record.Client).Add("\""u8);
        }

        AddNumber(line, Members.ClientPort, ",\"client_port\":"u8, record.ClientPort);
        AddText(line, Members.Method, ",\"method\":\""u8, view.Method);
        AddText(line, Members.Host, ",\"host\":\""u8, view.Host);
        AddText(line, Members.Path, ",\"path\":\""u8, view.Path);
        if (record.HasQuery && _settings.Query != ValueTelling.Drop)
        {
            AddText(line, Members.Query, ",\"query\":\""u8, QueryOf(view));
        }

        AddText(line, Members.Protocol, ",\"protocol\":\""u8, ProtocolOf(record));
        AddNumber(line, Members.Status, ",\"status\":"u8, record.Status);
        if (Has(Members.DurationMs))
        {
            line.Add(",\"duration_ms\":"u8).AddMilliseconds(record.DurationUs);
        }

        if (Has(Members.OverheadMs))
        {
            line.Add(",\"overhead_ms\":"u8).AddMilliseconds(record.OverheadUs);
        }

        AddNumber(line, Members.BytesReceived, ",\"bytes_received\":"u8, record.BytesReceived);
        AddNumber(line, Members.BytesSent, ",\"bytes_sent\":"u8, record.BytesSent);
        AddNames(line, record);
        if (Has(Members.Tls) && record.IsSecure)
        {
            line.Add(",\"tls\":true"u8);
        }

        AddText(line, Members.RequestId, ",\"request_id\":\""u8, view.RequestId);
        WriteTrace(line, record);
        WriteFault(line, record);
        if (!view.Findings.IsEmpty)
        {
            AddText(line, Members.Guard, ",\"guard\":\""u8, view.Findings);
        }

        if (record.IsOffline && Has(Members.Offline))
        {
            line.Add(",\"offline\":true"u8);
        }

        WriteFields(line, view);
        line.Add("}"u8);
    }

    // Names that stood in one line stand in many, one behind the other.
    private void AddNames(LineBuffer line, in RequestRecord record)
    {
        var key = new RequestKey(record);
        if (_names.TryFind(key, out ReadOnlySpan<byte> known))
        {
            line.Add(known);
            return;
        }

        int start = line.Length;
        WriteNames(line, record);
        _names.Put(key, line.Written[start..]);
    }

    private void WriteNames(LineBuffer line, in RequestRecord record)
    {
        AddName(line, Members.Entrypoint, ",\"entrypoint\":\""u8, record.EntryPoint);
        AddName(line, Members.Router, ",\"router\":\""u8, record.Router);
        AddName(line, Members.Service, ",\"service\":\""u8, record.Service);
        if (record.TryCount > 0)
        {
            AddName(line, Members.Server, ",\"server\":\""u8, LastTry(record).Server);
            AddNumber(line, Members.Tries, ",\"tries\":"u8, record.TryCount);
        }

        AddName(line, Members.Consumer, ",\"consumer\":\""u8, record.Consumer);
        AddName(line, Members.AnsweredBy, ",\"answered_by\":\""u8, record.AnsweredBy);
        AddName(line, Members.OverLimit, ",\"over_limit\":\""u8, record.OverLimit);
        AddName(line, Members.Config, ",\"config\":\""u8, record.ConfigHash);
    }

    private void WriteTrace(LineBuffer line, in RequestRecord record)
    {
        if (record.Trace.Span == 0)
        {
            return;
        }

        if (Has(Members.TraceId))
        {
            line.Add(",\"trace_id\":\""u8).AddHex(record.Trace.TraceHigh).AddHex(record.Trace.TraceLow).Add("\""u8);
        }

        if (Has(Members.SpanId) && record.IsTraced)
        {
            line.Add(",\"span_id\":\""u8).AddHex(record.Trace.Span).Add("\""u8);
        }
    }

    private void WriteFault(LineBuffer line, in RequestRecord record)
    {
        if (record.Fault == FaultKind.None || !Has(Members.Fault))
        {
            return;
        }

        line.Add(",\"fault\":\""u8).Add(EnumWords<FaultKind>.Of(record.Fault)).Add("\""u8);
        if (record.Reject != RejectReason.None)
        {
            line.Add(",\"reject\":\""u8).Add(RejectReasons.Name(record.Reject)).Add("\""u8);
        }
    }

    private void WriteFields(LineBuffer line, in RecordView view)
    {
        FieldReading fields = view.Fields;
        bool isFirst = true;
        while (Has(Members.Headers) && fields.Next())
        {
            line.Add(isFirst ? ",\"headers\":{\""u8 : ",\""u8).AddJson(_settings.Fields[fields.Index].Name.Written)
                .Add("\":\""u8).AddJson(ValueOf(fields)).Add("\""u8);
            isFirst = false;
        }

        if (!isFirst)
        {
            line.Add("}"u8);
        }
    }

    private void WriteCommon(LineBuffer line, in RecordView view, long startedUnixUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        line.Add(record.Client).Add(" - "u8).AddQuoted(record.Consumer ?? "-").Add(" ["u8);
        AddSecond(line, startedUnixUs, "dd'/'MMM'/'yyyy':'HH:mm:ss '+0000'");
        line.Add("] \""u8).AddQuoted(view.Method).Add(" "u8).AddQuoted(view.Path);
        if (record.HasQuery && _settings.Query != ValueTelling.Drop)
        {
            line.Add("?"u8).AddQuoted(QueryOf(view));
        }

        line.Add(" "u8).Add(ProtocolOf(record)).Add("\" "u8).Add(record.Status).Add(" "u8).Add(record.BytesSent);
        if (_settings.Form == AccessLogForm.Combined)
        {
            WriteQuotedField(line, view, _referer);
            WriteQuotedField(line, view, _userAgent);
        }
    }

    private void WriteQuotedField(LineBuffer line, in RecordView view, int index)
    {
        line.Add(" \""u8);
        FieldReading fields = view.Fields;
        bool isFound = false;
        while (!isFound && fields.Next())
        {
            isFound = fields.Index == index;
        }

        line.AddQuoted(isFound ? ValueOf(fields) : "-"u8).Add("\""u8);
    }

    private static ReadOnlySpan<byte> ProtocolOf(in RequestRecord record) =>
        record.HttpMajor == 2 ? "HTTP/2.0"u8 : record.MinorVersion == 0 ? "HTTP/1.0"u8 : "HTTP/1.1"u8;

    private static TryRecord LastTry(in RequestRecord record) => record.Tries[TryRecords.PlaceOf(record.TryCount)];

    // Lines of one second have their time made once: making it costs as much as the rest of the line.
    private long AddSecond(LineBuffer line, long unixUs, string format)
    {
        long second = unixUs / 1_000_000;
        if (second != _second)
        {
            DateTime time = DateTime.UnixEpoch.AddSeconds(second);
            time.TryFormat(_time, out _timeBytes, format, CultureInfo.InvariantCulture);
            _second = second;
        }

        line.Add(_time.AsSpan(0, _timeBytes));
        return second;
    }

    private bool Has(Members member) => (_members & member) != 0;

    private void AddText(LineBuffer line, Members member, ReadOnlySpan<byte> start, ReadOnlySpan<byte> text)
    {
        if (Has(member))
        {
            line.Add(start).AddJson(text).Add("\""u8);
        }
    }

    private void AddName(LineBuffer line, Members member, ReadOnlySpan<byte> start, string? name)
    {
        if (Has(member) && name is { Length: > 0 })
        {
            line.Add(start).AddJson(name).Add("\""u8);
        }
    }

    private void AddNumber(LineBuffer line, Members member, ReadOnlySpan<byte> start, long number)
    {
        if (Has(member))
        {
            line.Add(start).Add(number);
        }
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _settings.Fields.Count; i++)
        {
            if (Ascii.EqualsIgnoreCase(_settings.Fields[i].Name.Written, name))
            {
                return i;
            }
        }

        return -1;
    }
}
