using System;
using System.Buffers.Text;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// The most tokens an answer may have, under every name a dialect has for it, shared by the choices of one answer. What
/// is no number, or a larger one, becomes the cap; a request that says nothing gets it.
/// </summary>
internal static class OutputCap
{
    private const int ChoicesMax = 128; // OpenAI's own bound

    private static readonly ulong MaxTokens = JsonText.HashOf("max_tokens"u8);
    private static readonly ulong MaxCompletionTokens = JsonText.HashOf("max_completion_tokens"u8);
    private static readonly ulong MaxOutputTokens = JsonText.HashOf("max_output_tokens"u8);
    private static readonly ulong Options = JsonText.HashOf("options"u8);
    private static readonly ulong NumPredict = JsonText.HashOf("num_predict"u8);
    private static readonly ulong Choices = JsonText.HashOf("n"u8);

    /// <summary>False if the request asks for more choices than the cap can be shared by, or in words.</summary>
    public static bool TryApply(JsonIndex index, JsonEdits edits, AiCallKind kind, ProviderKind provider, int cap)
    {
        switch (kind)
        {
            case AiCallKind.ChatCompletions:
                return ApplyToChat(index, edits, provider, cap);
            case AiCallKind.Responses:
                _ = Clamp(index, edits, index.Find(0, MaxOutputTokens), cap)
                    || Add(index, edits, 0, "\"max_output_tokens\":"u8, cap);
                return true;
            case AiCallKind.Messages:
                _ = Clamp(index, edits, index.Find(0, MaxTokens), cap)
                    || Add(index, edits, 0, "\"max_tokens\":"u8, cap);
                return true;
            case AiCallKind.OllamaChat or AiCallKind.OllamaGenerate:
                return ApplyToOllama(index, edits, cap);
            default:
                return true;
        }
    }

    /// <summary>The most tokens the answer can have once the cap is applied, all choices together.</summary>
    public static long MostOf(JsonIndex index, AiCallKind kind, int cap)
    {
        switch (kind)
        {
            case AiCallKind.ChatCompletions:
                int node = index.Find(0, Choices);
                long choices = node >= 0 && index[node].IsInteger ? Math.Clamp(index[node].Number, 1, ChoicesMax) : 1;
                long share = cap / choices;
                int old = index.Find(0, MaxTokens);
                int now = index.Find(0, MaxCompletionTokens);
                return choices * (old < 0 && now < 0 ? share
                    : Math.Max(old < 0 ? 0 : Least(index, old, share), now < 0 ? 0 : Least(index, now, share)));
            case AiCallKind.Responses:
                return Least(index, index.Find(0, MaxOutputTokens), cap);
            case AiCallKind.Messages:
                return Least(index, index.Find(0, MaxTokens), cap);
            case AiCallKind.OllamaChat or AiCallKind.OllamaGenerate:
                return Least(index, index.Find(index.Find(0, Options), NumPredict), cap);
            default:
                return 0;
        }
    }

    /// <summary>
    /// The most tokens one choice of the answer can have once the cap is applied; 0 if neither says. A cap of 0 is
    /// none.
    /// </summary>
    public static long RoomOf(JsonIndex index, AiCallKind kind, int cap)
    {
        long asked = kind switch
        {
            AiCallKind.ChatCompletions =>
                Math.Max(AskedAt(index, index.Find(0, MaxTokens)), AskedAt(index, index.Find(0, MaxCompletionTokens))),
            AiCallKind.Responses => AskedAt(index, index.Find(0, MaxOutputTokens)),
            AiCallKind.Messages => AskedAt(index, index.Find(0, MaxTokens)),
            AiCallKind.OllamaChat or AiCallKind.OllamaGenerate =>
                AskedAt(index, index.Find(index.Find(0, Options), NumPredict)),
            _ => 0,
        };
        return cap == 0 ? asked : asked == 0 ? cap : Math.Min(asked, cap);
    }

    private static long AskedAt(JsonIndex index, int node) =>
        node >= 0 && index[node].IsInteger ? Math.Clamp(index[node].Number, 0, AiLimits.OutputTokensMax) : 0;

    private static long Least(JsonIndex index, int node, long cap) =>
        node >= 0 && index[node].IsInteger && index[node].Number >= 0 ? Math.Min(index[node].Number, cap) : cap;

    private static bool ApplyToChat(JsonIndex index, JsonEdits edits, ProviderKind provider, int cap)
    {
        int node = index.Find(0, Choices);
        long choices = 1;
        if (node >= 0 && index[node].Kind != JsonToken.Null)
        {
            if (!index[node].IsInteger || index[node].Number is < 1 or > ChoicesMax || index[node].Number > cap)
            {
                return false;
            }

            choices = index[node].Number;
        }

        int share = (int)(cap / choices);
        bool isOld = Clamp(index, edits, index.Find(0, MaxTokens), share);
        bool isNew = Clamp(index, edits, index.Find(0, MaxCompletionTokens), share);
        if (!isOld && !isNew)
        {
            // OpenAI's newer models refuse the old name, others may not know the new one.
            bool isOpenAi = provider == ProviderKind.OpenAi;
            Add(index, edits, 0, isOpenAi ? "\"max_completion_tokens\":"u8 : "\"max_tokens\":"u8, share);
        }

        return true;
    }

    private static bool ApplyToOllama(JsonIndex index, JsonEdits edits, int cap)
    {
        int options = index.Find(0, Options);
        if (options >= 0 && index[options].Kind == JsonToken.ObjectStart)
        {
            return Clamp(index, edits, index.Find(options, NumPredict), cap)
                || Add(index, edits, options, "\"num_predict\":"u8, cap);
        }

        if (options >= 0 && index[options].Kind != JsonToken.Null)
        {
            return false;
        }

        Span<byte> member = stackalloc byte[64];
        int length = Write(member, "{\"num_predict\":"u8, cap, "}"u8);
        if (options >= 0)
        {
            edits.Replace(index[options].Start, index[options].End, member[..length]);
            return true;
        }

        Span<byte> whole = stackalloc byte[96];
        length = Write(whole, "\"options\":{\"num_predict\":"u8, cap, "},"u8);
        RequestEditor.Insert(index, edits, 0, whole[..length]);
        return true;
    }

    // True if the member is there; then it is at most the cap.
    private static bool Clamp(JsonIndex index, JsonEdits edits, int node, int cap)
    {
        if (node < 0)
        {
            return false;
        }

        JsonNode value = index[node];
        if (!value.IsInteger || value.Number < 0 || value.Number > cap)
        {
            Span<byte> text = stackalloc byte[16];
            _ = Utf8Formatter.TryFormat(cap, text, out int length);
            edits.Replace(value.Start, value.End, text[..length]);
        }

        return true;
    }

    private static bool Add(JsonIndex index, JsonEdits edits, int node, ReadOnlySpan<byte> name, int cap)
    {
        Span<byte> member = stackalloc byte[64];
        RequestEditor.Insert(index, edits, node, member[..Write(member, name, cap, ","u8)]);
        return true;
    }

    private static int Write(Span<byte> target, ReadOnlySpan<byte> before, int number, ReadOnlySpan<byte> after)
    {
        before.CopyTo(target);
        _ = Utf8Formatter.TryFormat(number, target[before.Length..], out int digits);
        after.CopyTo(target[(before.Length + digits)..]);
        return before.Length + digits + after.Length;
    }
}
