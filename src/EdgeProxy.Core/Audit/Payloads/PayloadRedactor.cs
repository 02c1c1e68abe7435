using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// What may be kept of a body as redacted: text with everything masked that the detectors on the box find. JSON is
/// decoded first, JSON in its strings as well; a stream's pieces of text are put together first
/// (<see cref="StreamText"/>). What cannot be looked into is left out whole. One thread; allocates.
/// </summary>
internal sealed class PayloadRedactor
{
    internal static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private static readonly string[] s_names = ["SECRET", "CARD_NUMBER", "IBAN", "EMAIL", "PHONE", "IP_ADDRESS"];
    private static readonly byte[][] s_masks =
        Array.ConvertAll(s_names, static name => Encoding.ASCII.GetBytes($"[{name}]"));

    private static readonly DetectionRule[] s_rules =
    [
        new(new SecretDetector(), FindingAction.Mask),
        new(new CardNumberDetector(), FindingAction.Mask),
        new(new IbanDetector(), FindingAction.Mask),
        new(new EmailDetector(), FindingAction.Mask),
        new(new PhoneDetector(), FindingAction.Mask),
        new(new IpAddressDetector(), FindingAction.Mask),
    ];

    private readonly TextScan _scan = new(s_rules);

    /// <summary>False: nothing of it may be kept.</summary>
    /// <param name="isCut">The body went on; what its end leaves undecided is not kept either.</param>
    public bool TryRedact(ReadOnlySpan<byte> body, bool isCut, IBufferWriter<byte> output)
    {
        body = body.StartsWith("\uFEFF"u8) ? body["\uFEFF"u8.Length..] : body;
        ReadOnlySpan<byte> text = body.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return true;
        }

        if (StreamText.IsEvents(text) || StreamText.IsLines(text))
        {
            return StreamText.TryRedact(this, text, isCut, output);
        }

        return text[0] is (byte)'{' or (byte)'['
            ? TryJson(text, isCut, 0, output)
            : TryText(body, isCut, output);
    }

    /// <summary>One document of JSON, or the beginning of one; false if it is none.</summary>
    public bool TryJson(ReadOnlySpan<byte> json, bool isCut, int depth, IBufferWriter<byte> output)
    {
        var whole = new ArrayBufferWriter<byte>(json.Length + 64);
        try
        {
            var reader = new Utf8JsonReader(json, isFinalBlock: !isCut, default);
            using (var writer = new Utf8JsonWriter(whole, WriterOptions))
            {
                var open = new Stack<bool>(); // true: an object
                bool isNamed = false;
                while (reader.Read())
                {
                    isNamed = Copy(ref reader, writer, open, isCut, depth);
                }

                if (isNamed)
                {
                    writer.WriteNullValue();
                }

                while (open.TryPop(out bool isObject))
                {
                    End(writer, isObject);
                }
            }
        }
        catch (JsonException)
        {
            return false;
        }

        output.Write(whole.WrittenSpan);
        return true;
    }

    /// <summary>A decoded text; it may be JSON itself.</summary>
    public byte[] Redact(ReadOnlySpan<byte> text, bool isCut, int depth)
    {
        var output = new ArrayBufferWriter<byte>(text.Length + 16);
        ReadOnlySpan<byte> inner = text.TrimStart(" \t\r\n"u8);
        if (!inner.IsEmpty && inner[0] is (byte)'{' or (byte)'[' && depth < PayloadLimits.NestingMax
            && TryJson(inner, isCut, depth + 1, output))
        {
            return output.WrittenSpan.ToArray();
        }

        output.ResetWrittenCount();
        byte[] decoded = Unescaped(text, isAsciiOnly: true); // addresses have percent-encoding, too
        Mask(decoded, isCut, output);
        if (!isCut && decoded.Length < text.Length && !_scan.Counts.AsSpan().ContainsAnyExcept(0))
        {
            output.ResetWrittenCount();
            Mask(text, isCut, output); // as it was written: nothing hides there
        }

        return output.WrittenSpan.ToArray();
    }

    // True: a name, whose value has not come.
    private bool Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, Stack<bool> open, bool isCut, int depth)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                open.Push(true);
                writer.WriteStartObject();
                break;
            case JsonTokenType.StartArray:
                open.Push(false);
                writer.WriteStartArray();
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                End(writer, open.Pop());
                break;
            case JsonTokenType.PropertyName:
                writer.WritePropertyName(Redact(Decoded(ref reader), isCut: false, depth));
                return true;
            case JsonTokenType.String:
                writer.WriteStringValue(Redact(Decoded(ref reader), isCut: false, depth));
                break;
            case JsonTokenType.Number:
                byte[] number = Redact(reader.ValueSpan, isCut: false, depth);
                if (reader.ValueSpan.SequenceEqual(number))
                {
                    writer.WriteRawValue(number, skipInputValidation: true);
                }
                else
                {
                    writer.WriteStringValue(number);
                }

                break;
            case JsonTokenType.True or JsonTokenType.False:
                writer.WriteBooleanValue(reader.TokenType == JsonTokenType.True);
                break;
            default:
                writer.WriteNullValue();
                break;
        }

        return false;
    }

    private static void End(Utf8JsonWriter writer, bool isObject)
    {
        if (isObject)
        {
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteEndArray();
        }
    }

    /// <summary>The text of a string or a name, its escapes resolved. JsonException if it is no text.</summary>
    internal static byte[] Decoded(ref Utf8JsonReader reader)
    {
        byte[] text = new byte[reader.ValueSpan.Length];
        try
        {
            return text[..reader.CopyString(text)];
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("no UTF-8, or half of a surrogate pair", exception);
        }
    }

    // Forms have percent-encoding, and what has JSON among other things its escapes.
    private bool TryText(ReadOnlySpan<byte> body, bool isCut, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> text = body;
        for (int tail = 0; isCut && tail < 3 && !Utf8.IsValid(text) && text.Length > 0; tail++)
        {
            text = text[..^1];
        }

        if (!Utf8.IsValid(text) || text.Contains((byte)0))
        {
            return false;
        }

        byte[] decoded = Unescaped(text, isAsciiOnly: false);
        if (!Utf8.IsValid(decoded) || decoded.AsSpan().Contains((byte)0))
        {
            return false;
        }

        Mask(decoded, isCut, output);
        return true;
    }

    private void Mask(ReadOnlySpan<byte> text, bool isCut, IBufferWriter<byte> output)
    {
        _scan.Begin();
        _scan.Scan(text, isEnd: !isCut);
        while (_scan.Next(out Piece piece))
        {
            if (piece.Rule < 0)
            {
                output.Write(text[piece.Start..piece.End]);
            }
            else if (piece.Begins)
            {
                output.Write(s_masks[piece.Rule]);
            }
        }
    }

    // With ASCII only, what is UTF-8 stays so: an escape that is none cannot hide the others.
    private static byte[] Unescaped(ReadOnlySpan<byte> text, bool isAsciiOnly)
    {
        byte[] decoded = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2])
                && (!isAsciiOnly || text[i + 1] <= '7'))
            {
                decoded[length++] = (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2]));
                i += 2;
            }
            else if (i + 5 < text.Length && text[i..].StartsWith("\\u00"u8)
                && char.IsBetween((char)text[i + 4], '0', '7') && char.IsAsciiHexDigit((char)text[i + 5]))
            {
                decoded[length++] = (byte)((Hex(text[i + 4]) << 4) | Hex(text[i + 5]));
                i += 5;
            }
            else
            {
                decoded[length++] = text[i];
            }
        }

        return decoded[..length];
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
