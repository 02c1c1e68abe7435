using System;
using System.Globalization;
using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>What spans and log records say of a request, by the semantic conventions.</summary>
internal static class RequestAttributes
{
    private static readonly string[] s_methods = Methods();
    private static readonly string[] s_numbers = Numbers();

    /// <summary>http.request.method: one of few.</summary>
    public static string MethodOf(Method method) => s_methods[(int)method];

    /// <summary>A span's name: method and route, never a path.</summary>
    public static string NameOf(in RequestRecord record)
    {
        string method = record.Method == Method.Other ? "HTTP" : MethodOf(record.Method);
        return record.Router is { } router ? NameCache.Of(method, router) : method;
    }

    /// <summary>A status as text.</summary>
    public static string Text(int status) => (uint)status < (uint)s_numbers.Length ? s_numbers[status] : "";

    /// <summary>host:port, apart.</summary>
    public static (string Host, int Port) ServerOf(string name) => ServerCache.Of(name);

    /// <summary>What <see cref="RequestKey"/> tells apart.</summary>
    /// <param name="field">That of the attributes in the message being written.</param>
    public static void WriteAlike(ProtoWriter writer, int field, in RequestRecord record)
    {
        writer.Attribute(field, "http.request.method"u8, MethodOf(record.Method));
        writer.Attribute(field, "url.scheme"u8, record.IsSecure ? "https" : "http");
        writer.Attribute(field, "network.protocol.version"u8,
            record.HttpMajor == 2 ? "2" : record.MinorVersion == 0 ? "1.0" : "1.1");
        if (record.Status > 0)
        {
            writer.Attribute(field, "http.response.status_code"u8, record.Status);
        }

        WriteNames(writer, field, record);
        writer.Attribute(field, "edgeproxy.tries"u8, record.TryCount);
        WriteError(writer, field, record);
    }

    /// <summary>What is the request's own.</summary>
    /// <param name="field">As of <see cref="WriteAlike"/>.</param>
    /// <param name="query">As it may be told; empty for none.</param>
    public static void WriteOwn(ProtoWriter writer, int field, in RecordView view, ReadOnlySpan<byte> query)
    {
        ref readonly RequestRecord record = ref view.Record;
        if (record.Method == Method.Other)
        {
            writer.Attribute(field, "http.request.method_original"u8, view.Method);
        }

        writer.Attribute(field, "url.path"u8, view.Path);
        if (!query.IsEmpty)
        {
            writer.Attribute(field, "url.query"u8, query);
        }

        writer.Attribute(field, "server.address"u8, view.Host);
        Span<byte> address = stackalloc byte[IpAddress.TextBytesMax];
        record.Client.TryFormat(address, out int length);
        writer.Attribute(field, "client.address"u8, address[..length]);
        writer.Attribute(field, "client.port"u8, record.ClientPort);
        writer.Attribute(field, "edgeproxy.request_id"u8, view.RequestId);
        writer.Attribute(field, "http.request.size"u8, record.BytesReceived);
        writer.Attribute(field, "http.response.size"u8, record.BytesSent);
        writer.Attribute(field, "edgeproxy.overhead_ms"u8, record.OverheadUs / 1e3);
        if (!view.Findings.IsEmpty)
        {
            writer.Attribute(field, "edgeproxy.ai.guard"u8, view.Findings);
        }
    }

    private static void WriteNames(ProtoWriter writer, int field, in RequestRecord record)
    {
        WriteName(writer, field, "http.route"u8, record.Router);
        WriteName(writer, field, "edgeproxy.entrypoint"u8, record.EntryPoint);
        WriteName(writer, field, "edgeproxy.service"u8, record.Service);
        WriteName(writer, field, "edgeproxy.consumer"u8, record.Consumer);
        WriteName(writer, field, "edgeproxy.answered_by"u8, record.AnsweredBy);
        WriteName(writer, field, "edgeproxy.over_limit"u8, record.OverLimit);
        WriteName(writer, field, "edgeproxy.config.hash"u8, record.ConfigHash);
    }

    private static void WriteError(ProtoWriter writer, int field, in RequestRecord record)
    {
        if (record.Fault != FaultKind.None)
        {
            writer.Attribute(field, "error.type"u8, EnumWords<FaultKind>.Of(record.Fault));
        }
        else if (record.Status >= 500)
        {
            writer.Attribute(field, "error.type"u8, Text(record.Status));
        }

        if (record.Reject != RejectReason.None)
        {
            writer.Attribute(field, "edgeproxy.reject_reason"u8, RejectReasons.Name(record.Reject));
        }
    }

    private static void WriteName(ProtoWriter writer, int field, ReadOnlySpan<byte> key, string? name)
    {
        if (name is { Length: > 0 })
        {
            writer.Attribute(field, key, name);
        }
    }

    private static string[] Methods()
    {
        var names = new string[DurationMetrics.MethodCount];
        for (int i = 0; i < names.Length; i++)
        {
            ReadOnlySpan<byte> text = Primitives.Http.Methods.Text((Method)i);
            names[i] = text.IsEmpty ? "_OTHER" : Encoding.ASCII.GetString(text);
        }

        return names;
    }

    private static string[] Numbers()
    {
        var numbers = new string[1000];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i.ToString(CultureInfo.InvariantCulture);
        }

        return numbers;
    }
}
