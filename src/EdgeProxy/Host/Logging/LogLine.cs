using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Logging;

/// <summary>
/// Turns a <see cref="LogEntry"/> into one line of bytes, its line feed included. Nothing in a message can start a
/// second line.
/// </summary>
internal static class LogLine
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const string TemplateKey = "{OriginalFormat}";

    // Log lines are not HTML: <, > and ' may stand as they are; control characters and quotes are escaped all the same.
    private static readonly JsonWriterOptions JsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(in LogEntry entry, LogForm form, bool withPriority)
    {
        var line = new ArrayBufferWriter<byte>(256);
        if (withPriority)
        {
            line.Write(Priority(entry.Level));
        }

        if (form == LogForm.Json)
        {
            WriteJson(entry, line);
        }
        else
        {
            WriteText(entry, line);
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    public static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    // sd-daemon(3): syslog's numbers between < and > at the start of a line on stderr.
    private static ReadOnlySpan<byte> Priority(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "<7>"u8,
        LogLevel.Information => "<6>"u8,
        LogLevel.Warning => "<4>"u8,
        LogLevel.Critical => "<2>"u8,
        _ => "<3>"u8,
    };

    private static void WriteText(in LogEntry entry, ArrayBufferWriter<byte> line)
    {
        var text = new StringBuilder(256);
        text.Append("time=").Append(entry.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture))
            .Append(" level=").Append(Name(entry.Level))
            .Append(" from=").Append(entry.From)
            .Append(" event=").Append(entry.EventId)
            .Append(" msg=");
        AppendQuoted(text, entry.Message);
        if (entry.Exception is { } exception)
        {
            text.Append(" error=");
            AppendQuoted(text, exception.ToString());
        }

        Encoding.UTF8.GetBytes(text.ToString(), line);
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                // C0, DEL and C1: an escape sequence from a client must not reach an engineer's terminal.
                < ' ' or (>= '\x7f' and <= '\x9f') =>
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    private static void WriteJson(in LogEntry entry, ArrayBufferWriter<byte> line)
    {
        using var json = new Utf8JsonWriter(line, JsonOptions);
        json.WriteStartObject();
        json.WriteString("time"u8, entry.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        json.WriteString("level"u8, Name(entry.Level));
        json.WriteString("from"u8, entry.From);
        json.WriteNumber("event"u8, entry.EventId);
        json.WriteString("msg"u8, entry.Message);
        WriteValues(entry.Values, json);
        if (entry.Exception is { } exception)
        {
            json.WriteString("error"u8, exception.ToString());
        }

        json.WriteEndObject();
    }

    // Under one key, so that no value of a message can take the place of a field of the line.
    private static void WriteValues(IReadOnlyList<KeyValuePair<string, object?>>? values, Utf8JsonWriter json)
    {
        // A message without values still has its template.
        if (values is null || (values.Count == 1 && values[0].Key == TemplateKey))
        {
            return;
        }

        json.WriteStartObject("values"u8);
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].Key != TemplateKey)
            {
                WriteValue(values[i].Key, values[i].Value, json);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteValue(string key, object? value, Utf8JsonWriter json)
    {
        switch (value)
        {
            case null:
                json.WriteNull(key);
                break;
            case bool flag:
                json.WriteBoolean(key, flag);
                break;
            case int number:
                json.WriteNumber(key, number);
                break;
            case long number:
                json.WriteNumber(key, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(key, number);
                break;
            case IFormattable formattable:
                json.WriteString(key, formattable.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteString(key, value.ToString());
                break;
        }
    }
}
