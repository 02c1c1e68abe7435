using System;
using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>
/// The models a caller may use, as each dialect lists them. What the configuration names is listed, never what a * may
/// stand for; asked about one of those by its name, it is there.
/// </summary>
internal static class ModelLists
{
    private const string Owner = "edgeproxy";
    private const int ModelBytesMax = 3 * AiLimits.ModelCharsMax; // each may be spelled %XX

    public static LocalAnswer Answer(AiService service, Exchange exchange, AiCallKind kind)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            bool isAnthropic = exchange.Request.TryFind(
                "anthropic-version"u8, exchange.ClientSource.Head, out _);
            if (kind == AiCallKind.Model)
            {
                // Clients may spell ':' as %3A.
                ReadOnlySpan<byte> spelled = AiApi.ModelOf(exchange.Path);
                Span<byte> room = stackalloc byte[ModelBytesMax];
                ReadOnlySpan<byte> name = spelled.Length > ModelBytesMax ? default
                    : spelled.Contains((byte)'%') ? room[..PercentText.DecodePath(spelled, room)]
                    : spelled;
                if (name.IsEmpty || !Utf8.IsValid(name) || service.Find(name, exchange.Consumer) is null)
                {
                    Dialect dialect = isAnthropic ? Dialect.Anthropic : Dialect.OpenAi;
                    return AiErrors.Answer(dialect, 404, AiTexts.ModelCode, AiTexts.NoModel);
                }

                WriteModel(json, name, isAnthropic);
            }
            else if (kind == AiCallKind.OllamaTags)
            {
                WriteTags(json, service, exchange.Consumer);
            }
            else
            {
                WriteList(json, service, exchange.Consumer, isAnthropic);
            }
        }

        return new LocalAnswer(200, "application/json", body.WrittenMemory);
    }

    private static void WriteList(Utf8JsonWriter json, AiService service, Consumer? consumer, bool isAnthropic)
    {
        json.WriteStartObject();
        if (!isAnthropic)
        {
            json.WriteString("object"u8, "list"u8);
        }

        string? first = null;
        string? last = null;
        json.WriteStartArray("data"u8);
        foreach (ModelEntry model in service.Models)
        {
            if (IsListed(service, model, consumer))
            {
                first ??= model.Name.Text;
                last = model.Name.Text;
                WriteModel(json, model.Name.Bytes, isAnthropic);
            }
        }

        json.WriteEndArray();
        if (isAnthropic)
        {
            json.WriteBoolean("has_more"u8, false);
            json.WriteString("first_id"u8, first);
            json.WriteString("last_id"u8, last);
        }

        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool isAnthropic)
    {
        json.WriteStartObject();
        if (isAnthropic)
        {
            json.WriteString("type"u8, "model"u8);
            json.WriteString("id"u8, name);
            json.WriteString("display_name"u8, name);
            json.WriteString("created_at"u8, "1970-01-01T00:00:00Z"u8);
        }
        else
        {
            json.WriteString("id"u8, name);
            json.WriteString("object"u8, "model"u8);
            json.WriteNumber("created"u8, 0);
            json.WriteString("owned_by"u8, Owner);
        }

        json.WriteEndObject();
    }

    private static void WriteTags(Utf8JsonWriter json, AiService service, Consumer? consumer)
    {
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        foreach (ModelEntry model in service.Models)
        {
            if (IsListed(service, model, consumer))
            {
                json.WriteStartObject();
                json.WriteString("name"u8, model.Name.Text);
                json.WriteString("model"u8, model.Name.Text);
                json.WriteString("modified_at"u8, "1970-01-01T00:00:00Z"u8);
                json.WriteNumber("size"u8, 0);
                json.WriteString("digest"u8, ""u8);
                json.WriteStartObject("details"u8);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool IsListed(AiService service, ModelEntry model, Consumer? consumer) =>
        !model.Name.IsPrefix && service.MayUse(model.Name.Bytes, consumer);
}
