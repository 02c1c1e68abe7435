using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What one guard needs to look at the prompt and the answer of one exchange: rented by its call, reused by others of
/// the same guard and loop.
/// </summary>
internal sealed class GuardWork
{
    private readonly AiGuard _guard;
    private readonly GuardWalk _prompts;
    private readonly GuardWalk _answers;

    public GuardWork(AiGuard guard, AiLoop loop)
    {
        _guard = guard;
        _prompts = new GuardWalk(guard.Prompt, guard.Settings.PassesAttachments, isOfAnswer: false);
        _answers = new GuardWalk(guard.Answer, guard.Settings.PassesAttachments, isOfAnswer: true);
        Prompt = new GuardVerdict(guard.Prompt);
        Answer = new GuardVerdict(guard.Answer);
        Answering = new AnswerGuard(this, loop, new StreamGuard(this, loop, _answers));
    }

    public AiGuard Guard => _guard;

    /// <summary>On the prompt.</summary>
    public GuardVerdict Prompt { get; }

    /// <summary>On the answer.</summary>
    public GuardVerdict Answer { get; }

    /// <summary>What becomes of the answer.</summary>
    public AnswerGuard Answering { get; }

    public void Begin()
    {
        Prompt.Begin();
        Answer.Begin();
    }

    public void Release() => Answering.Release();

    /// <summary>The exchange is about to be recorded.</summary>
    public void NoteFacts(Exchange exchange)
    {
        Prompt.Tell(exchange, "edgeproxy.ai.guard.prompt"u8);
        Answer.Tell(exchange, "edgeproxy.ai.guard.answer"u8);
    }

    /// <summary>The exchange is over.</summary>
    public void Count(Exchange exchange)
    {
        Prompt.Count(exchange);
        Answer.Count(exchange);
    }

    /// <summary>Looks at a request's body: what is masked is in the edits.</summary>
    public void InspectPrompt(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits, AiCallKind kind)
    {
        if (!_guard.Prompt.IsEmpty)
        {
            _prompts.Run(index, body, edits, Prompt);
            if (kind == AiCallKind.Embeddings && _guard.Prompt.Enforces && !_guard.Settings.PassesAttachments
                && HasNumbers(index))
            {
                Prompt.BlockFor("tokens");
            }
        }
    }

    /// <summary>Looks at an answer that is whole.</summary>
    public void InspectAnswer(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits) =>
        _answers.Run(index, body, edits, Answer);

    // A prompt of tokens instead of texts: numbers, or lists of them.
    private static bool HasNumbers(JsonIndex index)
    {
        int input = index.Find(0, GuardNames.Input);
        int first = input >= 0 && index[input].Next > input + 1 ? input + 1 : -1;
        first = first >= 0 && index[first].Kind == JsonToken.ArrayStart && index[first].Next > first + 1
            ? first + 1
            : first;
        return first >= 0 && index[first].Kind == JsonToken.Number;
    }
}
