using System;
using System.Buffers;
using System.Text.Json;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Ai;

/// <summary>Why a running answer ends before its model is through.</summary>
internal enum EndCause : byte
{
    None,

    /// <summary>An operator halted it: the answer says that it failed.</summary>
    Halted,

    /// <summary>It came to more than its plan reserved: it ends as one that reached its most tokens.</summary>
    OverPlan,
}

/// <summary>
/// Ends a running stream so that its client knows how: in its dialect, after a whole event (decision 85).
/// </summary>
internal static class StreamEnd
{
    private const string HaltedText = "The answer was halted by the operator.";
    private const string HaltedCode = "halted";

    /// <param name="reader">Has read what the client has.</param>
    /// <param name="choices">Of a chat: asked of the provider at a time; those that did not end yet do so.</param>
    /// <param name="openBlock">Of Messages: the block whose end the client waits for; -1 for none.</param>
    /// <param name="model">The name the client asked for.</param>
    /// <param name="id">What the request is called.</param>
    public static void Write(
        HeldBody output,
        EndCause cause,
        AiCallKind kind,
        in UsageReader reader,
        int choices,
        int openBlock,
        in Usage usage,
        ReadOnlySpan<byte> model,
        ReadOnlySpan<byte> id)
    {
        var end = new StreamEndWriter(output, kind);
        if (cause == EndCause.Halted)
        {
            end.Error(HaltedText, HaltedCode, reader.EventNumber + 1);
            return;
        }

        switch (kind)
        {
            case AiCallKind.Messages:
                end.Messages(openBlock, usage);
                break;
            case AiCallKind.Responses:
                end.Responses(reader.EventNumber + 1, usage, model, id);
                break;
            case AiCallKind.ChatCompletions:
                end.Chat(choices, reader.EndedChoices, usage, model, id);
                break;
            default:
                end.Ollama(usage, model);
                break;
        }
    }
}

/// <summary>Writes the last events of a stream in one dialect.</summary>
internal readonly ref struct StreamEndWriter(HeldBody output, AiCallKind kind)
{
    private bool IsLines => kind is AiCallKind.OllamaChat or AiCallKind.OllamaGenerate;

    public void Error(string message, string code, long number)
    {
        ArrayBufferWriter<byte> text = Begin(out Utf8JsonWriter json);
        switch (kind)
        {
            case AiCallKind.Messages:
                json.WriteString("type"u8, "error"u8);
                json.WriteStartObject("error"u8);
                json.WriteString("type"u8, "api_error"u8);
                json.WriteString("message"u8, message);
                json.WriteEndObject();
                break;
            case AiCallKind.Responses:
                json.WriteString("type"u8, "error"u8);
                json.WriteString("code"u8, code);
                json.WriteString("message"u8, message);
                json.WriteNull("param"u8);
                json.WriteNumber("sequence_number"u8, number);
                break;
            case AiCallKind.ChatCompletions:
                json.WriteStartObject("error"u8);
                json.WriteString("message"u8, message);
                json.WriteString("type"u8, "server_error"u8);
                json.WriteNull("param"u8);
                json.WriteString("code"u8, code);
                json.WriteEndObject();
                break;
            default:
                json.WriteString("error"u8, message);
                break;
        }

        End(text, json, kind is AiCallKind.Messages or AiCallKind.Responses ? "error"u8 : default);
    }

    public void Chat(
        int choices, UInt128 ended, in Usage usage, ReadOnlySpan<byte> model, ReadOnlySpan<byte> id)
    {
        for (int choice = 0; choice < choices; choice++)
        {
            if (((ended >> choice) & 1) == 0)
            {
                ArrayBufferWriter<byte> last = BeginChunk(model, id, out Utf8JsonWriter of);
                of.WriteStartObject();
                of.WriteNumber("index"u8, choice);
                of.WriteStartObject("delta"u8);
                of.WriteEndObject();
                of.WriteString("finish_reason"u8, "length"u8);
                of.WriteEndObject();
                of.WriteEndArray();
                End(last, of, default);
            }
        }

        if (usage.IsThere)
        {
            ArrayBufferWriter<byte> text = BeginChunk(model, id, out Utf8JsonWriter json);
            json.WriteEndArray();
            json.WriteStartObject("usage"u8);
            json.WriteNumber("prompt_tokens"u8, usage.Input);
            json.WriteNumber("completion_tokens"u8, usage.Output);
            json.WriteNumber("total_tokens"u8, usage.Input + usage.Output);
            json.WriteEndObject();
            End(text, json, default);
        }

        output.TryAppend("data: [DONE]\n\n"u8);
    }

    public void Messages(int openBlock, in Usage usage)
    {
        if (openBlock >= 0)
        {
            ArrayBufferWriter<byte> block = Begin(out Utf8JsonWriter of);
            of.WriteString("type"u8, "content_block_stop"u8);
            of.WriteNumber("index"u8, openBlock);
            End(block, of, "content_block_stop"u8);
        }

        ArrayBufferWriter<byte> text = Begin(out Utf8JsonWriter json);
        json.WriteString("type"u8, "message_delta"u8);
        json.WriteStartObject("delta"u8);
        json.WriteString("stop_reason"u8, "max_tokens"u8);
        json.WriteNull("stop_sequence"u8);
        json.WriteEndObject();
        json.WriteStartObject("usage"u8);
        json.WriteNumber("output_tokens"u8, usage.Output);
        json.WriteEndObject();
        End(text, json, "message_delta"u8);
        text = Begin(out json);
        json.WriteString("type"u8, "message_stop"u8);
        End(text, json, "message_stop"u8);
    }

    public void Responses(long number, in Usage usage, ReadOnlySpan<byte> model, ReadOnlySpan<byte> id)
    {
        ArrayBufferWriter<byte> text = Begin(out Utf8JsonWriter json);
        json.WriteString("type"u8, "response.incomplete"u8);
        json.WriteNumber("sequence_number"u8, number);
        json.WriteStartObject("response"u8);
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "response"u8);
        json.WriteString("status"u8, "incomplete"u8);
        json.WriteString("model"u8, model);
        json.WriteNull("error"u8);
        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, "max_output_tokens"u8);
        json.WriteEndObject();
        json.WriteStartArray("output"u8);
        json.WriteEndArray();
        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage.Input);
        json.WriteNumber("output_tokens"u8, usage.Output);
        json.WriteNumber("total_tokens"u8, usage.Input + usage.Output);
        json.WriteEndObject();
        json.WriteEndObject();
        End(text, json, "response.incomplete"u8);
    }

    public void Ollama(in Usage usage, ReadOnlySpan<byte> model)
    {
        ArrayBufferWriter<byte> text = Begin(out Utf8JsonWriter json);
        json.WriteString("model"u8, model);
        if (kind == AiCallKind.OllamaChat)
        {
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, ""u8);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response"u8, ""u8);
        }

        json.WriteBoolean("done"u8, true);
        json.WriteString("done_reason"u8, "length"u8);
        json.WriteNumber("prompt_eval_count"u8, usage.Input);
        json.WriteNumber("eval_count"u8, usage.Output);
        End(text, json, default);
    }

    private static ArrayBufferWriter<byte> Begin(out Utf8JsonWriter json)
    {
        var text = new ArrayBufferWriter<byte>(256);
        json = new Utf8JsonWriter(text);
        json.WriteStartObject();
        return text;
    }

    private static ArrayBufferWriter<byte> BeginChunk(
        ReadOnlySpan<byte> model, ReadOnlySpan<byte> id, out Utf8JsonWriter json)
    {
        ArrayBufferWriter<byte> text = Begin(out json);
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "chat.completion.chunk"u8);
        json.WriteNumber("created"u8, 0);
        json.WriteString("model"u8, model);
        json.WriteStartArray("choices"u8);
        return text;
    }

    private void End(ArrayBufferWriter<byte> text, Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        json.WriteEndObject();
        json.Dispose();
        if (!name.IsEmpty)
        {
            output.TryAppend("event: "u8);
            output.TryAppend(name);
            output.TryAppend("\n"u8);
        }

        output.TryAppend(IsLines ? default : "data: "u8);
        output.TryAppend(text.WrittenSpan);
        output.TryAppend(IsLines ? "\n"u8 : "\n\n"u8);
    }
}
