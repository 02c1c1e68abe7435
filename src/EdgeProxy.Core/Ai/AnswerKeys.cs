using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>Names in an answer that mean something to the proxy.</summary>
internal enum AnswerKey : byte
{
    Other,
    Usage,
    Message,
    Response,
    Details,
    Input,
    Output,
    Cached,
    CacheWritten,
    Reasoning,
    OllamaInput,
    OllamaOutput,
    Error,
    Text,

    /// <summary>A piece of text in events of Responses, what holds one in others.</summary>
    Delta,
    ToolCalls,
    End,
    Model,
    Name,
    Type,
    Object,
    Id,
    DoneReason,
    Function,
    Arguments,
    ToolInput,
    Sequence,
    Index,
}

/// <summary>Finds them.</summary>
internal static class AnswerKeys
{
    public static AnswerKey Of(in JsonText name) => name.Length switch
    {
        2 when name.Is("id"u8) => AnswerKey.Id,
        4 when name.Is("text"u8) => AnswerKey.Text,
        4 when name.Is("done"u8) => AnswerKey.End,
        4 when name.Is("name"u8) => AnswerKey.Name,
        4 when name.Is("type"u8) => AnswerKey.Type,
        5 when name.Is("index"u8) => AnswerKey.Index,
        5 when name.Is("usage"u8) => AnswerKey.Usage,
        5 when name.Is("error"u8) => AnswerKey.Error,
        5 when name.Is("delta"u8) => AnswerKey.Delta,
        5 when name.Is("input"u8) => AnswerKey.ToolInput,
        5 when name.Is("model"u8) => AnswerKey.Model,
        6 when name.Is("object"u8) => AnswerKey.Object,
        7 when name.Is("content"u8) => AnswerKey.Text,
        7 when name.Is("refusal"u8) => AnswerKey.Text,
        7 when name.Is("message"u8) => AnswerKey.Message,
        8 when name.Is("function"u8) => AnswerKey.Function,
        8 when name.Is("response"u8) => AnswerKey.Response,
        8 when name.Is("thinking"u8) => AnswerKey.Text,
        9 when name.Is("arguments"u8) => AnswerKey.Arguments,
        9 when name.Is("reasoning"u8) => AnswerKey.Text,
        10 when name.Is("tool_calls"u8) => AnswerKey.ToolCalls,
        10 when name.Is("eval_count"u8) => AnswerKey.OllamaOutput,
        11 when name.Is("stop_reason"u8) => AnswerKey.End,
        11 when name.Is("done_reason"u8) => AnswerKey.DoneReason,
        12 when name.Is("input_tokens"u8) => AnswerKey.Input,
        12 when name.Is("partial_json"u8) => AnswerKey.Text,
        13 when name.Is("prompt_tokens"u8) => AnswerKey.Input,
        13 when name.Is("output_tokens"u8) => AnswerKey.Output,
        13 when name.Is("cached_tokens"u8) => AnswerKey.Cached,
        13 when name.Is("finish_reason"u8) => AnswerKey.End,
        13 when name.Is("function_call"u8) => AnswerKey.Function,
        15 when name.Is("thinking_tokens"u8) => AnswerKey.Reasoning,
        15 when name.Is("sequence_number"u8) => AnswerKey.Sequence,
        16 when name.Is("reasoning_tokens"u8) => AnswerKey.Reasoning,
        17 when name.Is("completion_tokens"u8) => AnswerKey.Output,
        17 when name.Is("prompt_eval_count"u8) => AnswerKey.OllamaInput,
        17 when name.Is("reasoning_content"u8) => AnswerKey.Text,
        18 when name.Is("cache_write_tokens"u8) => AnswerKey.CacheWritten,
        20 when name.Is("input_tokens_details"u8) => AnswerKey.Details,
        21 when name.Is("output_tokens_details"u8) => AnswerKey.Details,
        21 when name.Is("prompt_tokens_details"u8) => AnswerKey.Details,
        23 when name.Is("cache_read_input_tokens"u8) => AnswerKey.Cached,
        25 when name.Is("completion_tokens_details"u8) => AnswerKey.Details,
        27 when name.Is("cache_creation_input_tokens"u8) => AnswerKey.CacheWritten,
        _ => AnswerKey.Other,
    };
}
