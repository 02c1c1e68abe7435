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

    /// <param name="field">That of the attributes in the message being written.</param>
    /// <param name="query">As it may be told; empty for none.</param>
    public static void Write(ProtoWriter writer, int field, in RecordView view, ReadOnlySpan<byte> query)
    {
        ref readonly RequestRecord record = ref view.Record;
        writer.Attribute(field, "http.request.method", MethodOf(record.Method));
        if (record.Method == Method.Other)
        {
            writer.Attribute(field, "http.request.method_original", view.Method);
        }

        writer.Attribute(field, "url.scheme", record.IsSecure ? "https" : "http");
        writer.Attribute(field, "url.path", view.Path);
        if (!query.IsEmpty)
        {
            writer.Attribute(field, "url.query", query);
        }

        writer.Attribute(field, "server.address", view.Host);
        Span<byte> address = stackalloc byte[IpAddress.TextBytesMax];
        record.Client.TryFormat(address, out int length);
        writer.Attribute(field, "client.address", address[..length]);
        writer.Attribute(field, "client.port", record.ClientPort);
        writer.Attribute(field, "network.protocol.version",
            record.HttpMajor == 2 ? "2" : record.MinorVersion == 0 ? "1.0" : "1.1");
        if (record.Status > 0)
        {
            writer.Attribute(field, "http.response.status_code", record.Status);
        }

        WriteNames(writer, field, record);
        writer.Attribute(field, "edgeproxy.request_id", view.RequestId);
        writer.Attribute(field, "http.request.size", record.BytesReceived);
        writer.Attribute(field, "http.response.size", record.BytesSent);
        writer.Attribute(field, "edgeproxy.overhead_ms", record.OverheadUs / 1e3);
        writer.Attribute(field, "edgeproxy.tries", record.TryCount);
        if (!view.Findings.IsEmpty)
        {
            writer.Attribute(field, "edgeproxy.ai.guard", view.Findings);
        }

        WriteError(writer, field, record);
    }

    private static void WriteNames(ProtoWriter writer, int field, in RequestRecord record)
    {
        WriteName(writer, field, "http.route", record.Router);
        WriteName(writer, field, "edgeproxy.entrypoint", record.EntryPoint);
        WriteName(writer, field, "edgeproxy.service", record.Service);
        WriteName(writer, field, "edgeproxy.consumer", record.Consumer);
        WriteName(writer, field, "edgeproxy.config.hash", record.ConfigHash);
    }

    private static void WriteError(ProtoWriter writer, int field, in RequestRecord record)
    {
        if (record.Fault != FaultKind.None)
        {
            writer.Attribute(field, "error.type", EnumWords<FaultKind>.Of(record.Fault));
        }
        else if (record.Status >= 500)
        {
            writer.Attribute(field, "error.type", Text(record.Status));
        }

        if (record.Reject != RejectReason.None)
        {
            writer.Attribute(field, "edgeproxy.reject_reason", RejectReasons.Name(record.Reject));
        }
    }

    private static void WriteName(ProtoWriter writer, int field, string key, string? name)
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
