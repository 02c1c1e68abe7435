using System;
using System.Text;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>What a member of an answer means, in whatever dialect.</summary>
internal enum AnswerPart : byte
{
    /// <summary>Nothing that another dialect could say: it is left out.</summary>
    None,

    /// <summary>The proxy says when the answer came.</summary>
    Time,

    Id,
    Model,
    Text,
    Thinking,
    CallId,
    CallName,
    CallArguments,

    /// <summary>Why it ended: the model said all.</summary>
    End,

    /// <summary>It came to its most tokens.</summary>
    Length,

    /// <summary>It calls a tool.</summary>
    Tool,

    /// <summary>It refuses, or was made to.</summary>
    Refused,

    Input,
    Output,
    Cached,
    Written,
    Reasoning,
}

/// <summary>A member of a dialect's answers.</summary>
/// <param name="Path">As the dialect spells it; of a stream the same within its events.</param>
/// <param name="Word">Of a reason to end: how it is called; "" otherwise.</param>
internal readonly record struct AnswerMember(string Path, AnswerPart Part, string Word = "")
{
    public override string ToString() => Word.Length > 0 ? $"{Path}: {Word}" : Path;
}

/// <summary>
/// The members a dialect's chat answers have, each with its meaning: what reasons to end are read and written by, and
/// what is published as the table of what answers keep and lose.
/// </summary>
internal sealed class AnswerMembers
{
    private readonly AnswerMember[] _members;
    private readonly ulong[] _words;

    private AnswerMembers(params AnswerMember[] members)
    {
        _members = members;
        _words = Array.ConvertAll(members, static member =>
            member.Word.Length > 0 ? JsonText.HashOf(Encoding.ASCII.GetBytes(member.Word)) : 0);
    }

    /// <summary>OpenAI's chat completions. "message" is "delta" in streams.</summary>
    public static AnswerMembers Chat { get; } = new(
        new("id", AnswerPart.Id),
        new("model", AnswerPart.Model),
        new("created", AnswerPart.Time),
        new("message.content", AnswerPart.Text),
        new("message.content[].text", AnswerPart.Text),
        new("message.refusal", AnswerPart.Text),
        new("message.reasoning_content", AnswerPart.Thinking),
        new("message.reasoning", AnswerPart.Thinking),
        new("message.content[].thinking[].text", AnswerPart.Thinking),
        new("tool_calls[].id", AnswerPart.CallId),
        new("tool_calls[].function.name", AnswerPart.CallName),
        new("tool_calls[].function.arguments", AnswerPart.CallArguments),
        new("message.annotations", AnswerPart.None),
        new("message.audio", AnswerPart.None),
        new("choices[].logprobs", AnswerPart.None),
        new("choices[1]", AnswerPart.None),
        new("finish_reason", AnswerPart.End, "stop"),
        new("finish_reason", AnswerPart.Length, "length"),
        new("finish_reason", AnswerPart.Tool, "tool_calls"),
        new("finish_reason", AnswerPart.Tool, "function_call"),
        new("finish_reason", AnswerPart.Refused, "content_filter"),
        new("usage.prompt_tokens", AnswerPart.Input),
        new("usage.completion_tokens", AnswerPart.Output),
        new("usage.prompt_tokens_details.cached_tokens", AnswerPart.Cached),
        new("usage.prompt_tokens_details.cache_write_tokens", AnswerPart.Written),
        new("usage.completion_tokens_details.reasoning_tokens", AnswerPart.Reasoning),
        new("service_tier", AnswerPart.None),
        new("system_fingerprint", AnswerPart.None));

    /// <summary>Anthropic's Messages.</summary>
    public static AnswerMembers Messages { get; } = new(
        new("id", AnswerPart.Id),
        new("model", AnswerPart.Model),
        new("content[].text", AnswerPart.Text),
        new("content[].citations", AnswerPart.None),
        new("content[].thinking", AnswerPart.Thinking),
        new("content[].signature", AnswerPart.None),
        new("content[].redacted_thinking", AnswerPart.None),
        new("tool_use.id", AnswerPart.CallId),
        new("tool_use.name", AnswerPart.CallName),
        new("tool_use.input", AnswerPart.CallArguments),
        new("server_tool_use", AnswerPart.None),
        new("web_search_tool_result", AnswerPart.None),
        new("stop_reason", AnswerPart.End, "end_turn"),
        new("stop_reason", AnswerPart.End, "stop_sequence"),
        new("stop_reason", AnswerPart.End, "pause_turn"),
        new("stop_reason", AnswerPart.Length, "max_tokens"),
        new("stop_reason", AnswerPart.Length, "model_context_window_exceeded"),
        new("stop_reason", AnswerPart.Tool, "tool_use"),
        new("stop_reason", AnswerPart.Refused, "refusal"),
        new("stop_sequence", AnswerPart.None),
        new("stop_details", AnswerPart.None),
        new("usage.input_tokens", AnswerPart.Input),
        new("usage.output_tokens", AnswerPart.Output),
        new("usage.cache_read_input_tokens", AnswerPart.Cached),
        new("usage.cache_creation_input_tokens", AnswerPart.Written),
        new("usage.output_tokens_details.thinking_tokens", AnswerPart.Reasoning),
        new("usage.cache_creation", AnswerPart.None),
        new("usage.server_tool_use", AnswerPart.None),
        new("usage.service_tier", AnswerPart.None),
        new("container", AnswerPart.None));

    /// <summary>Ollama's chat: it is written only.</summary>
    public static AnswerMembers Ollama { get; } = new(
        new("model", AnswerPart.Model),
        new("created_at", AnswerPart.Time),
        new("message.content", AnswerPart.Text),
        new("message.thinking", AnswerPart.Thinking),
        new("tool_calls[].id", AnswerPart.CallId),
        new("tool_calls[].function.name", AnswerPart.CallName),
        new("tool_calls[].function.arguments", AnswerPart.CallArguments),
        new("done_reason", AnswerPart.End, "stop"),
        new("done_reason", AnswerPart.Length, "length"),
        new("done_reason", AnswerPart.Tool, "stop"),
        new("done_reason", AnswerPart.Refused, "stop"),
        new("prompt_eval_count", AnswerPart.Input),
        new("eval_count", AnswerPart.Output));

    public ReadOnlySpan<AnswerMember> All => _members;

    public static AnswerMembers Of(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages => Messages,
        AiCallKind.OllamaChat => Ollama,
        _ => Chat,
    };

    /// <summary>What the dialect has for it first; null if it has nothing.</summary>
    public AnswerMember? Find(AnswerPart part)
    {
        foreach (AnswerMember member in _members)
        {
            if (part != AnswerPart.None && member.Part == part)
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>What becomes of one of a provider's members in the caller's dialect; null if it is left out.</summary>
    public static string? CellOf(AnswerMember member, AiCallKind caller)
    {
        string? name = Of(caller).Find(member.Part) is { } found ? $"`{found}`" : null;
        return member.Part switch
        {
            AnswerPart.Time => "the proxy's own time",
            AnswerPart.Thinking when caller == AiCallKind.Messages => name + ", with an empty signature",
            AnswerPart.Input when caller == AiCallKind.Messages => name + ", without what a cache had to do with",
            AnswerPart.Input => name + ", all of them",
            _ => name,
        };
    }

    /// <summary>What a word of the dialect for why an answer ended means; one that is not known is an end.</summary>
    /// <param name="word">Its hash.</param>
    public StopReason StopOf(ulong word)
    {
        for (int place = 0; place < _words.Length; place++)
        {
            if (_words[place] == word)
            {
                return _members[place].Part switch
                {
                    AnswerPart.Length => StopReason.Length,
                    AnswerPart.Tool => StopReason.Tool,
                    AnswerPart.Refused => StopReason.Refusal,
                    _ => StopReason.End,
                };
            }
        }

        return StopReason.End;
    }
}
