using System;
using System.Text;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// The members a dialect's chat requests have, each with its meaning: what is read by, written by, and published as
/// the table of what is lost. A member is translated if the other dialect has one of the same meaning.
/// </summary>
internal sealed class RequestMembers
{
    private readonly RequestMember[] _members;
    private readonly ulong[] _parents;
    private readonly ulong[] _names;
    private readonly ulong _parts;

    private RequestMembers(params RequestMember[] members)
    {
        _members = members;
        _parents = new ulong[members.Length];
        _names = new ulong[members.Length];
        for (int place = 0; place < members.Length; place++)
        {
            string path = members[place].Path;
            int dot = path.IndexOf('.', StringComparison.Ordinal);
            _parents[place] = dot < 0 ? 0 : JsonText.HashOf(Encoding.ASCII.GetBytes(path[..dot]));
            _names[place] = JsonText.HashOf(Encoding.ASCII.GetBytes(path[(dot + 1)..]));
            _parts |= 1UL << (int)members[place].Part;
        }
    }

    /// <summary>OpenAI's chat completions.</summary>
    public static RequestMembers Chat { get; } = new(
        new("model", RequestPart.Model),
        new("messages", RequestPart.Messages),
        new("max_completion_tokens", RequestPart.MaxTokens),
        new("max_tokens", RequestPart.MaxTokens),
        new("temperature", RequestPart.Temperature),
        new("top_p", RequestPart.TopP),
        new("stop", RequestPart.Stop),
        new("stream", RequestPart.Stream),
        new("stream_options", RequestPart.Proxy),
        new("tools", RequestPart.Tools),
        new("tool_choice", RequestPart.ToolChoice),
        new("parallel_tool_calls", RequestPart.ParallelTools),
        new("user", RequestPart.User),
        new("seed", RequestPart.Seed),
        new("frequency_penalty", RequestPart.FrequencyPenalty),
        new("presence_penalty", RequestPart.PresencePenalty),
        new("response_format", RequestPart.Format),
        new("reasoning_effort", RequestPart.Effort),
        new("n", RequestPart.Choices),
        new("safety_identifier", RequestPart.Hint),
        new("prompt_cache_key", RequestPart.Hint),
        new("prompt_cache_retention", RequestPart.Hint),
        new("prompt_cache_options", RequestPart.Hint),
        new("store", RequestPart.None),
        new("metadata", RequestPart.None),
        new("service_tier", RequestPart.None),
        new("logit_bias", RequestPart.None),
        new("logprobs", RequestPart.None),
        new("top_logprobs", RequestPart.None),
        new("verbosity", RequestPart.None),
        new("modalities", RequestPart.None),
        new("audio", RequestPart.None),
        new("prediction", RequestPart.None),
        new("web_search_options", RequestPart.None),
        new("moderation", RequestPart.None),
        new("functions", RequestPart.None),
        new("function_call", RequestPart.None));

    /// <summary>Anthropic's Messages.</summary>
    public static RequestMembers Messages { get; } = new(
        new("model", RequestPart.Model),
        new("messages", RequestPart.Messages),
        new("system", RequestPart.System),
        new("max_tokens", RequestPart.MaxTokens),
        new("temperature", RequestPart.Temperature),
        new("top_p", RequestPart.TopP),
        new("top_k", RequestPart.TopK),
        new("stop_sequences", RequestPart.Stop),
        new("stream", RequestPart.Stream),
        new("tools", RequestPart.Tools),
        new("tool_choice", RequestPart.ToolChoice),
        new("tool_choice.disable_parallel_tool_use", RequestPart.ParallelTools),
        new("metadata", RequestPart.Group),
        new("metadata.user_id", RequestPart.User),
        new("cache_control", RequestPart.Hint),
        new("thinking", RequestPart.None),
        new("service_tier", RequestPart.None),
        new("output_config", RequestPart.Group),
        new("output_config.format", RequestPart.Format),
        new("output_config.effort", RequestPart.Effort),
        new("output_format", RequestPart.Format),
        new("context_management", RequestPart.None),
        new("container", RequestPart.None),
        new("mcp_servers", RequestPart.None),
        new("inference_geo", RequestPart.None),
        new("speed", RequestPart.None),
        new("diagnostics", RequestPart.None),
        new("user_profile_id", RequestPart.None),
        new("workspace_id", RequestPart.None));

    /// <summary>Ollama's chat.</summary>
    public static RequestMembers Ollama { get; } = new(
        new("model", RequestPart.Model),
        new("messages", RequestPart.Messages),
        new("stream", RequestPart.Stream),
        new("tools", RequestPart.Tools),
        new("format", RequestPart.Format),
        new("options", RequestPart.Group),
        new("options.num_predict", RequestPart.MaxTokens),
        new("options.temperature", RequestPart.Temperature),
        new("options.top_p", RequestPart.TopP),
        new("options.top_k", RequestPart.TopK),
        new("options.stop", RequestPart.Stop),
        new("options.seed", RequestPart.Seed),
        new("options.frequency_penalty", RequestPart.FrequencyPenalty),
        new("options.presence_penalty", RequestPart.PresencePenalty),
        new("keep_alive", RequestPart.Hint),
        new("options.num_gpu", RequestPart.Hint),
        new("options.main_gpu", RequestPart.Hint),
        new("options.num_thread", RequestPart.Hint),
        new("options.num_batch", RequestPart.Hint),
        new("options.use_mmap", RequestPart.Hint),
        new("options.numa", RequestPart.Hint),
        new("options.num_ctx", RequestPart.None),
        new("options.num_keep", RequestPart.None),
        new("options.min_p", RequestPart.None),
        new("options.typical_p", RequestPart.None),
        new("options.repeat_last_n", RequestPart.None),
        new("options.repeat_penalty", RequestPart.None),
        new("think", RequestPart.Effort),
        new("truncate", RequestPart.None),
        new("shift", RequestPart.None),
        new("logprobs", RequestPart.None),
        new("top_logprobs", RequestPart.None));

    public ReadOnlySpan<RequestMember> All => _members;

    public static RequestMembers Of(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages => Messages,
        AiCallKind.OllamaChat => Ollama,
        _ => Chat,
    };

    /// <summary>It has a member of that meaning.</summary>
    public bool Has(RequestPart part) => (_parts & (1UL << (int)part)) != 0;

    /// <summary>The place of a member; -1 if the dialect has none of that name.</summary>
    /// <param name="parent">Hash of the name of the object it stands in; 0 for the request itself.</param>
    public int Find(ulong parent, ulong name)
    {
        for (int place = 0; place < _names.Length; place++)
        {
            if (_names[place] == name && _parents[place] == parent)
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>
    /// What becomes of one of its members in the other dialect; null if nothing does: it is lost.
    /// </summary>
    public static string? CellOf(RequestMember member, AiCallKind target)
    {
        switch (member.Part)
        {
            case RequestPart.Group:
                return "member by member";
            case RequestPart.Proxy:
                return "kept by the proxy";
            case RequestPart.Hint:
                return "left out: a hint";
            case RequestPart.System:
                return "`messages[]` of role system";
            case RequestPart.Choices:
                return "1 only";
            case RequestPart.Temperature when target == AiCallKind.Messages:
                return "`temperature`, 1 for more than that";
            case RequestPart.Format when target == AiCallKind.Messages:
                return "`output_config.format`, a schema only";
            case RequestPart.Effort:
                return $"`{NameOf(RequestPart.Effort, target)}`: low, medium, high, xhigh, max; else **lost**";
        }

        return NameOf(member.Part, target) is { } name ? $"`{name}`" : null;
    }

    private static string? NameOf(RequestPart part, AiCallKind dialect)
    {
        foreach (RequestMember member in Of(dialect)._members)
        {
            if (part != RequestPart.None && member.Part == part)
            {
                return member.Path;
            }
        }

        return null;
    }
}
