using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// The texts of a stream of JSON documents (server-sent events, or a document a line), each put together from its
/// pieces: what detectors look for may be split over any of them. Kept as one object: path of the text, text. The
/// numbers index, output_index and content_index tell texts of the same path apart.
/// </summary>
internal sealed class StreamText
{
    private const int TextsMax = 1024;

    private readonly Dictionary<string, ArrayBufferWriter<byte>> _texts = [];
    private readonly List<string> _order = [];
    private readonly Dictionary<string, byte[]> _last = [];

    // Said again in each document: kept once as long as it is the same.
    private static readonly HashSet<string> s_repeated =
    [
        "id", "object", "type", "model", "role", "created_at", "created", "finish_reason", "stop_reason", "done_reason",
        "system_fingerprint", "item_id", "service_tier", "name", "status",
    ];

    public static bool IsEvents(ReadOnlySpan<byte> text) =>
        text.StartsWith("data:"u8) || text.StartsWith("event:"u8) || text.StartsWith("id:"u8)
        || text.StartsWith("retry:"u8) || text[0] == ':';

    /// <summary>More than one document, a line each.</summary>
    public static bool IsLines(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        return text[0] == '{' && end > 0 && text[..end].TrimEnd(" \r"u8) is [.., (byte)'}']
            && text[(end + 1)..].TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
    }

    /// <summary>False if a part of it can be no text.</summary>
    public static bool TryRedact(
        PayloadRedactor redactor, ReadOnlySpan<byte> text, bool isCut, IBufferWriter<byte> output)
    {
        var stream = new StreamText();
        bool isEvents = IsEvents(text);
        foreach (Range range in text.SplitAny("\r\n"u8))
        {
            ReadOnlySpan<byte> line = text[range];
            bool isLast = range.End.Value == text.Length && isCut;
            if (isEvents)
            {
                line = line.StartsWith("data:"u8) ? line["data:"u8.Length..].TrimStart((byte)' ') : default;
            }

            if (!line.IsEmpty && !isLast && !stream.Take(line) && !line.SequenceEqual("[DONE]"u8))
            {
                return false;
            }
        }

        using var writer = new Utf8JsonWriter(output, PayloadRedactor.WriterOptions);
        writer.WriteStartObject();
        foreach (string path in stream._order)
        {
            writer.WritePropertyName(redactor.Redact(Encoding.UTF8.GetBytes(path), isCut: false, 0));
            writer.WriteStringValue(redactor.Redact(stream._texts[path].WrittenSpan, isCut, 0));
        }

        writer.WriteEndObject();
        return true;
    }

    private bool Take(ReadOnlySpan<byte> document)
    {
        try
        {
            string marks = MarksOf(document);
            var reader = new Utf8JsonReader(document, isFinalBlock: true, default);
            var path = new List<string>();
            string name = "";
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        path.Add(reader.TokenType == JsonTokenType.StartArray ? name + "[]" : name);
                        name = "";
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        path.RemoveAt(path.Count - 1);
                        name = "";
                        break;
                    case JsonTokenType.PropertyName:
                        name = Encoding.UTF8.GetString(PayloadRedactor.Decoded(ref reader));
                        break;
                    case JsonTokenType.String:
                        Add(path, name, marks, PayloadRedactor.Decoded(ref reader), s_repeated.Contains(name));
                        break;
                    case JsonTokenType.Number:
                        Add(path, name, marks, reader.ValueSpan.ToArray(), isRepeated: true);
                        break;
                }
            }

            return path.Count == 0;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // the latter is said of a name with half of a surrogate pair
        }
    }

    // "#0#2": the numbers that tell which choice, block or call a piece belongs to.
    private static string MarksOf(ReadOnlySpan<byte> document)
    {
        var marks = new StringBuilder();
        var reader = new Utf8JsonReader(document, isFinalBlock: true, default);
        bool isMark = false;
        while (reader.Read())
        {
            if (isMark && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number))
            {
                marks.Append(CultureInfo.InvariantCulture, $"#{number}");
            }

            isMark = reader.TokenType == JsonTokenType.PropertyName && (reader.ValueTextEquals("index"u8)
                || reader.ValueTextEquals("output_index"u8) || reader.ValueTextEquals("content_index"u8));
        }

        return marks.ToString();
    }

    private void Add(List<string> path, string name, string marks, byte[] text, bool isRepeated)
    {
        // Every text below a name repeats it: a long one would take its length as often as it has texts.
        int chars = name.Length + marks.Length;
        foreach (string step in path)
        {
            chars += step.Length;
        }

        if (chars > PayloadLimits.TextPathCharsMax)
        {
            throw new JsonException("a path is longer than is kept");
        }

        var key = new StringBuilder();
        foreach (string step in path)
        {
            key.Append(key.Length > 0 && step.Length > 0 ? "." : "").Append(step);
        }

        key.Append(key.Length > 0 && name.Length > 0 ? "." : "").Append(name);
        string at = isRepeated ? key.ToString() : key.Append(marks).ToString();
        if (!_texts.TryGetValue(at, out ArrayBufferWriter<byte>? held))
        {
            if (_order.Count == TextsMax)
            {
                throw new JsonException("more texts than are told apart");
            }

            _texts[at] = held = new ArrayBufferWriter<byte>();
            _order.Add(at);
        }

        if (isRepeated)
        {
            if (_last.TryGetValue(at, out byte[]? last) && last.AsSpan().SequenceEqual(text))
            {
                return;
            }

            held.Write(_last.ContainsKey(at) ? " "u8 : default);
            _last[at] = text;
        }

        held.Write(text);
    }
}
