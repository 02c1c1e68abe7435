using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config.History;

/// <summary>A configuration that was in use, with when and why.</summary>
internal sealed record KeptConfig
{
    /// <summary>16 hex digits.</summary>
    public required string Hash { get; init; }

    /// <summary>When it came into use, last.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who or what put it in use: "start", "SIGHUP", "file changed", "admin API".</summary>
    public required string Origin { get; init; }

    /// <summary>What was different from the one before, for people.</summary>
    public string Changes { get; init; } = "";

    public required WrittenFiles Written { get; init; }
}

/// <summary>
/// How one is written: a line that says what this is, a line of JSON, the bytes of the files, and the SHA-256 of all
/// that. What a crash or a bad sector left of it is not taken for one.
/// </summary>
internal static class KeptFormat
{
    private static readonly JsonWriterOptions s_plain =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static ReadOnlySpan<byte> FirstLine => "edgeproxy configuration 1\n"u8;

    public static byte[] Write(KeptConfig kept)
    {
        var bytes = new ArrayBufferWriter<byte>(1024 + (int)kept.Written.Bytes);
        bytes.Write(FirstLine);
        using (var json = new Utf8JsonWriter(bytes, s_plain))
        {
            json.WriteStartObject();
            json.WriteString("hash"u8, kept.Hash);
            json.WriteString("time"u8, kept.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("origin"u8, kept.Origin);
            json.WriteString("changes"u8, kept.Changes);
            json.WriteStartArray("files"u8);
            foreach (WrittenFile file in kept.Written.Files)
            {
                json.WriteStartObject();
                json.WriteString("path"u8, file.Path);
                json.WriteNumber("bytes"u8, file.Bytes.Length);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        foreach (WrittenFile file in kept.Written.Files)
        {
            bytes.Write(file.Bytes);
        }

        bytes.Write(Sha256.Of(bytes.WrittenSpan));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Null if it is torn, damaged, or none.</summary>
    public static KeptConfig? Read(byte[] bytes)
    {
        int signed = bytes.Length - Sha256.HashBytes;
        if (signed < FirstLine.Length || !bytes.AsSpan().StartsWith(FirstLine)
            || !Sha256.Of(bytes.AsSpan(0, signed)).AsSpan().SequenceEqual(bytes.AsSpan(signed)))
        {
            return null;
        }

        int from = FirstLine.Length;
        int length = bytes.AsSpan(from, signed - from).IndexOf((byte)'\n');
        try
        {
            return length < 0 ? null : Read(bytes, bytes.AsMemory(from, length), from + length + 1, signed);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or KeyNotFoundException or FormatException or ArgumentException)
        {
            return null; // whoever wrote it knew the hash, and not the form: a version of ours that is not known here
        }
    }

    private static KeptConfig? Read(byte[] bytes, ReadOnlyMemory<byte> line, int from, int end)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        var files = new List<WrittenFile>();
        foreach (JsonElement file in root.GetProperty("files").EnumerateArray())
        {
            int length = file.GetProperty("bytes").GetInt32();
            if (length < 0 || length > end - from)
            {
                return null;
            }

            files.Add(new WrittenFile(file.GetProperty("path").GetString()!, bytes[from..(from + length)]));
            from += length;
        }

        return files.Count == 0 ? null : new KeptConfig
        {
            Hash = root.GetProperty("hash").GetString()!,
            At = root.GetProperty("time").GetDateTimeOffset(),
            Origin = root.GetProperty("origin").GetString()!,
            Changes = root.GetProperty("changes").GetString()!,
            Written = new WrittenFiles(files),
        };
    }
}
