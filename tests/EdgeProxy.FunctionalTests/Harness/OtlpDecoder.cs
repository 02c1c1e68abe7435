using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Reads OTLP requests as opentelemetry-proto describes them, knowing nothing of the encoder: strict, and a field that
/// is not in the description fails.
/// </summary>
internal static class OtlpDecoder
{
    public static List<OtlpSpan> Spans(byte[] request) => Items(request, SpanOf);

    public static List<OtlpLog> Logs(byte[] request) => Items(request, LogOf);

    public static List<OtlpMetric> Metrics(byte[] request) => Items(request, MetricOf);

    /// <summary>Attributes of the resource.</summary>
    public static Dictionary<string, object> Resource(byte[] request)
    {
        ProtoField resources = ProtoField.Read(request).Single(field => field.Number == 1);
        return Attributes(ProtoField.Read(ProtoField.Read(resources.Bytes).Single(f => f.Number == 1).Bytes), 1);
    }

    private static List<T> Items<T>(byte[] request, Func<List<ProtoField>, T> read)
    {
        var items = new List<T>();
        foreach (ProtoField resources in ProtoField.Read(request))
        {
            Expect(resources.Number == 1, "a request has resources");
            List<ProtoField> inner = ProtoField.Read(resources.Bytes);
            Expect(inner.Single(f => f.Number == 3).Text.StartsWith("https://opentelemetry.io/schemas/"), "schema_url");
            foreach (ProtoField scopes in inner.Where(f => f.Number == 2))
            {
                List<ProtoField> scope = ProtoField.Read(scopes.Bytes);
                Expect(ProtoField.Read(scope[0].Bytes)[0].Text == "edgeproxy", "the scope's name");
                items.AddRange(scope.Where(f => f.Number == 2).Select(f => read(ProtoField.Read(f.Bytes))));
                Expect(scope.All(f => f.Number is 1 or 2), "a scope has items");
            }
        }

        return items;
    }

    private static OtlpSpan SpanOf(List<ProtoField> fields)
    {
        Only(fields, 1, 2, 4, 5, 6, 7, 8, 9, 15, 16);
        List<ProtoField> status = Message(fields, 15);
        Only(status, 2, 3);
        return new OtlpSpan
        {
            TraceId = Hex(fields, 1, 16),
            SpanId = Hex(fields, 2, 8),
            ParentId = Hex(fields, 4, 8),
            Name = Text(fields, 5),
            Kind = (int)Number(fields, 6),
            StartNanos = Fixed(fields, 7),
            EndNanos = Fixed(fields, 8),
            Attributes = Attributes(fields, 9),
            StatusMessage = Text(status, 2),
            StatusCode = (int)Number(status, 3),
            Flags = Number(fields, 16, ProtoField.Fixed32),
        };
    }

    private static OtlpLog LogOf(List<ProtoField> fields)
    {
        Only(fields, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12);
        return new OtlpLog
        {
            TimeNanos = Fixed(fields, 1),
            Severity = (int)Number(fields, 2),
            SeverityText = Text(fields, 3),
            Body = fields.Any(f => f.Number == 5) ? Value(Message(fields, 5)) : "",
            Attributes = Attributes(fields, 6),
            Flags = Number(fields, 8, ProtoField.Fixed32),
            TraceId = Hex(fields, 9, 16),
            SpanId = Hex(fields, 10, 8),
            ObservedNanos = Fixed(fields, 11),
            EventName = Text(fields, 12),
        };
    }

    private static OtlpMetric MetricOf(List<ProtoField> fields)
    {
        Only(fields, 1, 2, 3, 5, 7, 9);
        ProtoField data = fields.Single(f => f.Number is 5 or 7 or 9);
        List<ProtoField> inner = ProtoField.Read(data.Bytes);
        return new OtlpMetric
        {
            Name = Text(fields, 1),
            Description = Text(fields, 2),
            Unit = Text(fields, 3),
            Kind = data.Number switch { 5 => "gauge", 7 => "sum", _ => "histogram" },
            Temporality = (int)Number(inner, 2),
            IsMonotonic = Number(inner, 3) == 1,
            Points =
            [
                .. inner.Where(f => f.Number == 1)
                    .Select(f => PointOf(ProtoField.Read(f.Bytes), isHistogram: data.Number == 9)),
            ],
        };
    }

    private static OtlpPoint PointOf(List<ProtoField> fields, bool isHistogram) => new()
    {
        StartNanos = Fixed(fields, 2),
        TimeNanos = Fixed(fields, 3),
        Attributes = Attributes(fields, isHistogram ? 9 : 7),
        Value = isHistogram ? 0 : BitConverter.UInt64BitsToDouble(Fixed(fields, 4)),
        Count = isHistogram ? Fixed(fields, 4) : 0,
        Sum = isHistogram ? BitConverter.UInt64BitsToDouble(Fixed(fields, 5)) : 0,
        Buckets = isHistogram ? [.. Packed(fields, 6)] : [],
        Bounds = isHistogram ? [.. Packed(fields, 7).Select(BitConverter.UInt64BitsToDouble)] : [],
        ExemplarTraces =
        [
            .. fields.Where(f => f.Number == 8 && isHistogram).Select(f => Hex(ProtoField.Read(f.Bytes), 5, 16)),
        ],
    };

    private static Dictionary<string, object> Attributes(List<ProtoField> fields, int number)
    {
        var attributes = new Dictionary<string, object>();
        foreach (ProtoField field in fields.Where(f => f.Number == number))
        {
            List<ProtoField> pair = ProtoField.Read(field.Bytes);
            Only(pair, 1, 2);
            attributes.Add(Text(pair, 1), Value(Message(pair, 2)));
        }

        return attributes;
    }

    private static object Value(List<ProtoField> fields)
    {
        ProtoField value = fields.Single();
        return value.Number switch
        {
            1 => value.Text,
            2 => value.Value == 1,
            3 => (long)value.Value,
            4 => BitConverter.UInt64BitsToDouble(value.Value),
            5 => string.Join(',', ProtoField.Read(value.Bytes).Select(item => Value(ProtoField.Read(item.Bytes)))),
            _ => throw new InvalidDataException($"a value of kind {value.Number}"),
        };
    }

    private static List<ProtoField> Message(List<ProtoField> fields, int number) =>
        fields.Where(f => f.Number == number).Select(f => ProtoField.Read(f.Bytes)).SingleOrDefault() ?? [];

    private static string Text(List<ProtoField> fields, int number) =>
        fields.Where(f => f.Number == number).Select(f => f.Text).SingleOrDefault() ?? "";

    private static ulong Number(List<ProtoField> fields, int number, int wire = ProtoField.Varint)
    {
        ProtoField? field = fields.SingleOrDefault(f => f.Number == number);
        Expect(field is null || field.Wire == wire, $"field {number} has wire type {field?.Wire}");
        return field?.Value ?? 0;
    }

    private static ulong Fixed(List<ProtoField> fields, int number) => Number(fields, number, ProtoField.Fixed64);

    private static string Hex(List<ProtoField> fields, int number, int bytes)
    {
        ProtoField? field = fields.SingleOrDefault(f => f.Number == number);
        Expect(field is null || field.Bytes.Length == bytes, $"an id of {field?.Bytes.Length} bytes");
        return field is null ? "" : Convert.ToHexStringLower(field.Bytes);
    }

    private static IEnumerable<ulong> Packed(List<ProtoField> fields, int number)
    {
        byte[] bytes = fields.Single(f => f.Number == number).Bytes;
        for (int i = 0; i < bytes.Length; i += 8)
        {
            yield return BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i));
        }
    }

    private static void Only(List<ProtoField> fields, params int[] numbers) => Expect(
        fields.All(f => numbers.Contains(f.Number)),
        $"field {fields.FirstOrDefault(f => !numbers.Contains(f.Number))?.Number} is not described");

    private static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new InvalidDataException(what);
        }
    }
}

/// <summary>A field of a protobuf message.</summary>
internal sealed record ProtoField(int Number, int Wire, ulong Value, byte[] Bytes)
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Fixed32 = 5;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public string Text => s_strict.GetString(Bytes);

    public static List<ProtoField> Read(byte[] message)
    {
        var fields = new List<ProtoField>();
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = ReadVarint(message, ref at);
            (int number, int wire) = ((int)(tag >> 3), (int)(tag & 7));
            switch (wire)
            {
                case Varint:
                    fields.Add(new ProtoField(number, wire, ReadVarint(message, ref at), []));
                    break;
                case Fixed64:
                    fields.Add(new ProtoField(
                        number, wire, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at, 8)), []));
                    at += 8;
                    break;
                case Fixed32:
                    fields.Add(new ProtoField(
                        number, wire, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at, 4)), []));
                    at += 4;
                    break;
                case 2:
                    int length = (int)ReadVarint(message, ref at);
                    fields.Add(new ProtoField(number, wire, 0, message.AsSpan(at, length).ToArray()));
                    at += length;
                    break;
                default:
                    throw new InvalidDataException($"wire type {wire}");
            }
        }

        return fields;
    }

    private static ulong ReadVarint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a varint without an end");
    }
}

internal sealed record OtlpSpan
{
    public required string TraceId { get; init; }

    public required string SpanId { get; init; }

    public required string ParentId { get; init; }

    public required string Name { get; init; }

    public required int Kind { get; init; }

    public required ulong StartNanos { get; init; }

    public required ulong EndNanos { get; init; }

    public required Dictionary<string, object> Attributes { get; init; }

    public required string StatusMessage { get; init; }

    public required int StatusCode { get; init; }

    public required ulong Flags { get; init; }
}

internal sealed record OtlpLog
{
    public required ulong TimeNanos { get; init; }

    public required ulong ObservedNanos { get; init; }

    public required int Severity { get; init; }

    public required string SeverityText { get; init; }

    public required object Body { get; init; }

    public required Dictionary<string, object> Attributes { get; init; }

    public required string TraceId { get; init; }

    public required string SpanId { get; init; }

    public required ulong Flags { get; init; }

    public required string EventName { get; init; }
}

internal sealed record OtlpMetric
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public required string Unit { get; init; }

    public required string Kind { get; init; }

    public required int Temporality { get; init; }

    public required bool IsMonotonic { get; init; }

    public required List<OtlpPoint> Points { get; init; }
}

internal sealed record OtlpPoint
{
    public required ulong StartNanos { get; init; }

    public required ulong TimeNanos { get; init; }

    public required Dictionary<string, object> Attributes { get; init; }

    public required double Value { get; init; }

    public required ulong Count { get; init; }

    public required double Sum { get; init; }

    public required List<ulong> Buckets { get; init; }

    public required List<double> Bounds { get; init; }

    public required List<string> ExemplarTraces { get; init; }
}
