using System;
using System.Buffers.Binary;
using EdgeProxy.Audit;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Tracing;

namespace EdgeProxy.Pipeline.Auditing;

/// <summary>Writes what an exchange came to as records of the chain.</summary>
internal static class AuditRecords
{
    private const int FieldCount = 5;
    private const int AddressBytesMax = 45; // INET6_ADDRSTRLEN without its end

    private static readonly string[] s_faults = FaultNames();

    /// <summary>Room for <see cref="WriteAsked"/>.</summary>
    public static int AskedBytes(Exchange exchange) =>
        (FieldCount * RecordWriter.FieldHeadBytes) + RecordWriter.HeadBytes
        + Math.Min(exchange.Request.MethodText.Length, AuditLimits.MethodBytesMax) + Exchange.HostBytesMax
        + Math.Min(exchange.Path.Length, AuditLimits.PathBytesMax)
        + Math.Min(exchange.Query.Length + 1, AuditLimits.QueryBytesMax) + Sha256.HashBytes;

    /// <summary>
    /// Method, host, path and query, while the head is there and nothing rewrote it; the length of those fields.
    /// </summary>
    public static int WriteAsked(Exchange exchange, AuditQuery query, Span<byte> room)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        var writer = new RecordWriter(room, default, 0, 0, 0);
        writer.Add(RecordField.Method, exchange.Request.MethodText.Of(head), AuditLimits.MethodBytesMax);
        writer.Add(RecordField.Host, exchange.Host, Exchange.HostBytesMax);
        ReadOnlySpan<byte> path = exchange.Path;
        writer.Add(RecordField.Path, path, AuditLimits.PathBytesMax);
        WriteQuery(ref writer, exchange.Query, query);
        if (path.Length > AuditLimits.PathBytesMax)
        {
            Span<byte> hash = stackalloc byte[Sha256.HashBytes];
            Sha256.Write(path, hash);
            writer.Add(RecordField.PathDigest, hash, hash.Length);
        }

        room[RecordWriter.HeadBytes..writer.Length].CopyTo(room);
        return writer.Length - RecordWriter.HeadBytes;
    }

    /// <summary>An exchange and its answer; the record's length.</summary>
    public static int WriteExchange(Exchange exchange, AuditNote note, AuditRing ring, Span<byte> room)
    {
        RecordWriter writer = Begin(exchange, RecordKind.Exchange, ring, room);
        writer.Add(RecordField.ConfigHash, exchange.Snapshot.Hash);
        WriteClient(ref writer, exchange.ClientLink.RemoteAddress);
        if (exchange.Consumer is { } consumer)
        {
            writer.Add(RecordField.Consumer, consumer.NameBytes, AuditLimits.NameBytesMax);
        }

        writer.Add(RecordField.Router, exchange.Route!.Name);
        writer.Add(RecordField.Service, exchange.Service?.Name ?? exchange.Route.Service.Name);
        if (exchange.Server is { } server)
        {
            writer.Add(RecordField.Server, server.Authority.Span, AuditLimits.NameBytesMax);
        }

        writer.AddFields(note.Asked);
        writer.Add(RecordField.Status, exchange.Status);
        WriteFault(ref writer, exchange);
        MessageSource source = exchange.ClientSource;
        writer.Add(RecordField.RequestBytes, source.PayloadTaken);
        if (source.IsComplete)
        {
            WriteDigest(ref writer, RecordField.RequestDigest, note.Request);
        }

        writer.Add(RecordField.ResponseBytes, note.Answer.Count);
        WriteDigest(ref writer, RecordField.ResponseDigest, note.Answer);
        writer.Add(RecordField.DurationMs, exchange.Shard.Loop.NowMs - exchange.StartedMs);
        writer.Add(RecordField.Tries, exchange.Tries);
        writer.Add(RecordField.Payloads, note.PayloadText);
        writer.Add(RecordField.AnsweredBy, exchange.AnsweredBy ?? "");
        writer.Add(RecordField.OverLimit, exchange.OverLimit ?? "");
        WriteTrace(ref writer, exchange.Trace.Here);
        writer.AddFields(note.Facts.Fields);
        if (note.Facts.IsOver)
        {
            writer.Add(RecordField.FactsLeftOut, 1);
        }

        return writer.Length;
    }

    /// <summary>How an exchange ended that was recorded before; the record's length.</summary>
    public static int WriteEnd(Exchange exchange, RecordKind kind, AuditRing ring, Span<byte> room)
    {
        RecordWriter writer = Begin(exchange, kind, ring, room);
        writer.Add(RecordField.Status, exchange.Status);
        WriteFault(ref writer, exchange);
        if (kind == RecordKind.TunnelEnd)
        {
            writer.Add(RecordField.RequestBytes, exchange.ClientSource.BytesRead - exchange.ReadBefore);
            writer.Add(RecordField.ResponseBytes, exchange.ClientSink.BytesSent - exchange.SentBefore);
        }

        writer.Add(RecordField.DurationMs, exchange.Shard.Loop.NowMs - exchange.StartedMs);
        return writer.Length;
    }

    private static RecordWriter Begin(Exchange exchange, RecordKind kind, AuditRing ring, Span<byte> room)
    {
        var writer = new RecordWriter(room, kind, exchange.Shard.Loop.Clock.UnixMs, ring.Lane, ring.NextNumber);
        writer.Add(RecordField.RequestId, exchange.RequestId, AuditLimits.RequestIdBytesMax);
        return writer;
    }

    private static void WriteClient(ref RecordWriter writer, IpAddress address)
    {
        Span<byte> text = stackalloc byte[AddressBytesMax];
        if (address.TryFormat(text, out int length))
        {
            writer.Add(RecordField.Client, text[..length], length);
        }
    }

    private static void WriteTrace(ref RecordWriter writer, in TraceParent trace)
    {
        if (trace.Span != 0 && writer.Reserve(RecordField.TraceId, 2 * sizeof(ulong)) is { IsEmpty: false } room)
        {
            BinaryPrimitives.WriteUInt64BigEndian(room, trace.TraceHigh);
            BinaryPrimitives.WriteUInt64BigEndian(room[sizeof(ulong)..], trace.TraceLow);
        }
    }

    private static void WriteFault(ref RecordWriter writer, Exchange exchange)
    {
        if (!exchange.Fault.IsNone)
        {
            writer.Add(RecordField.Fault, s_faults[(int)exchange.Fault.Kind]);
            if (exchange.RejectReason != RejectReason.None)
            {
                writer.Add(RecordField.Reason, RejectReasons.Text(exchange.RejectReason));
            }
        }
    }

    private static void WriteDigest(ref RecordWriter writer, RecordField field, BodyDigest digest)
    {
        if (digest.HasHash && writer.Reserve(field, Sha256.HashBytes) is { IsEmpty: false } room)
        {
            digest.Write(room);
        }
    }

    // Values may be secrets, and so may what has no name.
    private static void WriteQuery(ref RecordWriter writer, ReadOnlySpan<byte> query, AuditQuery kind)
    {
        if (kind != AuditQuery.Redacted || query.IsEmpty)
        {
            writer.Add(RecordField.Query, kind == AuditQuery.Full ? query : default, AuditLimits.QueryBytesMax);
            return;
        }

        Span<byte> text = stackalloc byte[AuditLimits.QueryBytesMax];
        int length = 0;
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            int nameLength = pair.IndexOf((byte)'=') + 1;
            if (length + 1 + nameLength + 1 > text.Length)
            {
                break;
            }

            if (length > 0)
            {
                text[length++] = (byte)'&';
            }

            pair[..nameLength].CopyTo(text[length..]);
            length += nameLength;
            text[length++] = (byte)'*';
        }

        writer.Add(RecordField.Query, text[..length], AuditLimits.QueryBytesMax);
    }

    // "client_gone" for ClientGone.
    private static string[] FaultNames()
    {
        FaultKind[] kinds = Enum.GetValues<FaultKind>();
        string[] names = new string[kinds.Length];
        foreach (FaultKind kind in kinds)
        {
            var name = new System.Text.StringBuilder();
            foreach (char letter in kind.ToString())
            {
                name.Append(char.IsUpper(letter) && name.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(letter));
            }

            names[(int)kind] = name.ToString();
        }

        return names;
    }
}
