using System;
using System.Text.Unicode;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// What a span says of a call of a model (semantic conventions 1.44, GenAI spans): on the span of the try that
/// answered, which is the client's; on the request's own if no provider was asked.
/// </summary>
internal static class ModelAttributes
{
    private const int NameBytesMax = 300;

    /// <summary>"chat gpt-5": the operation and the model that was asked for.</summary>
    public static void WriteName(ProtoWriter writer, ReadOnlySpan<byte> facts)
    {
        Span<byte> name = stackalloc byte[NameBytesMax];
        ReadOnlySpan<byte> operation = ModelFactReading.TextOf(facts, ModelFact.Operation);
        ReadOnlySpan<byte> model = ModelFactReading.TextOf(facts, ModelFact.RequestModel);
        operation.CopyTo(name);
        name[operation.Length] = (byte)' ';
        int room = Math.Min(model.Length, NameBytesMax - operation.Length - 1);
        model[..room].CopyTo(name[(operation.Length + 1)..]);
        ReadOnlySpan<byte> whole = name[..(model.IsEmpty ? operation.Length : operation.Length + 1 + room)];
        if (Utf8.IsValid(whole))
        {
            writer.Bytes(OtlpFields.SpanName, whole);
        }
        else
        {
            writer.Latin1(OtlpFields.SpanName, whole);
        }
    }

    /// <summary>The word of a call that failed with a good status; empty if it did not.</summary>
    public static ReadOnlySpan<byte> ErrorOf(ReadOnlySpan<byte> facts)
    {
        ReadOnlySpan<byte> outcome = ModelFactReading.TextOf(facts, ModelFact.Outcome);
        return outcome.SequenceEqual("error_within"u8) || outcome.SequenceEqual("cut"u8)
            || outcome.SequenceEqual("halted"u8) || outcome.SequenceEqual("failed"u8)
            ? outcome
            : default;
    }

    /// <param name="field">That of the attributes in the message being written.</param>
    public static void Write(ProtoWriter writer, int field, ReadOnlySpan<byte> facts)
    {
        var reading = new ModelFactReading(facts);
        while (reading.Next())
        {
            switch (reading.Fact)
            {
                case ModelFact.FinishReason:
                    WriteList(writer, field, "gen_ai.response.finish_reasons"u8, reading.Text);
                    break;
                case ModelFact.IsEstimated:
                    writer.Attribute(field, "edgeproxy.ai.usage_estimated"u8, reading.Number != 0);
                    break;
                case ModelFact.IsStream:
                    writer.Attribute(field, "gen_ai.request.stream"u8, reading.Number != 0);
                    break;
                case ModelFact.FirstChunkUs:
                    writer.Attribute(field, "gen_ai.response.time_to_first_chunk"u8, reading.Number / 1e6);
                    break;
                case >= ModelFact.InputTokens:
                    writer.Attribute(field, KeyOf(reading.Fact), reading.Number);
                    break;
                default:
                    WriteText(writer, field, KeyOf(reading.Fact), reading.Text);
                    break;
            }
        }
    }

    private static ReadOnlySpan<byte> KeyOf(ModelFact fact) => fact switch
    {
        ModelFact.Operation => "gen_ai.operation.name"u8,
        ModelFact.Provider => "gen_ai.provider.name"u8,
        ModelFact.RequestModel => "gen_ai.request.model"u8,
        ModelFact.ResponseModel => "gen_ai.response.model"u8,
        ModelFact.ResponseId => "gen_ai.response.id"u8,
        ModelFact.Outcome => "edgeproxy.ai.outcome"u8,
        ModelFact.PlanDecision => "edgeproxy.plan.decision"u8,
        ModelFact.PlanLimit => "edgeproxy.plan.limit"u8,
        ModelFact.InputTokens => "gen_ai.usage.input_tokens"u8,
        ModelFact.OutputTokens => "gen_ai.usage.output_tokens"u8,
        ModelFact.CacheRead => "gen_ai.usage.cache_read.input_tokens"u8,
        ModelFact.CacheWritten => "gen_ai.usage.cache_creation.input_tokens"u8,
        ModelFact.Reasoning => "gen_ai.usage.reasoning.output_tokens"u8,
        ModelFact.Cost => "edgeproxy.ai.cost"u8,
        ModelFact.MaxTokens => "gen_ai.request.max_tokens"u8,
        _ => default,
    };

    // What is no UTF-8 would cost the whole batch: a collector refuses it.
    private static void WriteText(ProtoWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            writer.Utf8Attribute(field, key, text);
        }
        else
        {
            writer.Attribute(field, key, text);
        }
    }

    private static void WriteList(ProtoWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        int attribute = writer.Begin(field);
        writer.Bytes(OtlpFields.Key, key);
        int value = writer.Begin(OtlpFields.Value);
        int list = writer.Begin(OtlpFields.ArrayValue);
        int item = writer.Begin(OtlpFields.ArrayItem);
        writer.Latin1(OtlpFields.StringValue, text); // a provider's word, which is ASCII
        writer.End(item);
        writer.End(list);
        writer.End(value);
        writer.End(attribute);
    }
}
