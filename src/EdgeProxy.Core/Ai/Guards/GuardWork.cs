using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Telemetry;

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
    private readonly AiLoop _loop;
    private readonly ExternalReply[] _replies;
    private readonly ExternalReply[] _answerReplies; // of all its parts
    private bool _hasReplies;
    private bool _hasAnswerReplies;

    public GuardWork(AiGuard guard, AiLoop loop)
    {
        _guard = guard;
        _loop = loop;
        _replies = new ExternalReply[guard.Settings.External.Count];
        _answerReplies = new ExternalReply[_replies.Length];
        Placeholders = new PlaceholderTable(guard.Prompt);
        _prompts = new GuardWalk(guard.Prompt, Placeholders, guard.Settings.PassesAttachments, isOfAnswer: false);
        _answers = new GuardWalk(guard.Answer, Placeholders, guard.Settings.PassesAttachments, isOfAnswer: true);
        Prompt = Verdict(GuardFindings.PromptSide, guard.Prompt);
        Answer = Verdict(GuardFindings.AnswerSide, guard.Answer);
        Answering = new AnswerGuard(this, loop, new StreamGuard(this, loop, _answers));
        GuardVerdict Verdict(string side, GuardSide rules) =>
            new(rules, loop.Findings.Of(guard.Settings.Name, side, rules));
    }

    public AiGuard Guard => _guard;

    /// <summary>What the prompt had where its placeholders stand.</summary>
    public PlaceholderTable Placeholders { get; }

    /// <summary>On the prompt.</summary>
    public GuardVerdict Prompt { get; }

    /// <summary>On the answer.</summary>
    public GuardVerdict Answer { get; }

    /// <summary>What becomes of the answer.</summary>
    public AnswerGuard Answering { get; }

    public void Begin()
    {
        _hasReplies = false;
        HasFailed = false;
        BeginAnswer();
        Placeholders.Clear();
        Prompt.Begin();
    }

    /// <summary>An answer begins; one that was given up does not count.</summary>
    public void BeginAnswer()
    {
        _hasAnswerReplies = false;
        Array.Clear(_answerReplies);
        HasAnswerFailed = false;
        IsAnswerDenied = false;
        Answer.Begin();
    }

    public void Release()
    {
        Answering.Release();
        Placeholders.Clear();
        _prompts.Release();
        _answers.Release();
    }

    /// <summary>An external guard that had to decide about the prompt did not.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>One that had to decide about the answer did not.</summary>
    public bool HasAnswerFailed { get; private set; }

    /// <summary>One stopped the answer.</summary>
    public bool IsAnswerDenied { get; private set; }

    /// <summary>Something may stop the answer, or change it; else all only tell.</summary>
    public bool EnforcesAnswer => _guard.Answer.Enforces || _guard.External.StopAnswers;

    /// <summary>What external guards said about the prompt.</summary>
    public void TakeReplies(ReadOnlySpan<ExternalReply> replies, Exchange exchange)
    {
        replies.CopyTo(_replies);
        _hasReplies = true;
        HasFailed = Judge(replies, exchange, Prompt) == ExternalReply.Failed;
    }

    /// <summary>What they said about the answer, or a part of it.</summary>
    public void TakeAnswerReplies(ReadOnlySpan<ExternalReply> replies, Exchange exchange)
    {
        ExternalReply worst = Judge(replies, exchange, Answer);
        HasAnswerFailed |= worst == ExternalReply.Failed;
        IsAnswerDenied |= worst == ExternalReply.Block;
        _hasAnswerReplies = true;
        for (int i = 0; i < replies.Length; i++)
        {
            _answerReplies[i] = replies[i] > _answerReplies[i] ? replies[i] : _answerReplies[i];
        }
    }

    // The reply that stops it.
    private ExternalReply Judge(ReadOnlySpan<ExternalReply> replies, Exchange exchange, GuardVerdict verdict)
    {
        ExternalReply stopping = ExternalReply.NotAsked;
        for (int i = 0; i < replies.Length; i++)
        {
            ExternalGuard guard = _guard.External[i];
            bool hasFailed = replies[i] == ExternalReply.Failed;
            exchange.Shard.Counters.Add(Counter.GuardFailures, hasFailed ? 1 : 0);
            bool stops = replies[i] == ExternalReply.Block || (hasFailed && !guard.OpensOnFailure);
            if (stops && !guard.ReportOnly && !verdict.IsBlocked)
            {
                stopping = replies[i];
                verdict.BlockFor(guard.Name);
            }
        }

        return stopping;
    }

    /// <summary>The exchange is about to be recorded.</summary>
    public void NoteFacts(Exchange exchange)
    {
        Prompt.Tell(exchange, "edgeproxy.ai.guard.prompt"u8);
        Answer.Tell(exchange, "edgeproxy.ai.guard.answer"u8);
        Span<byte> told = stackalloc byte[GuardLimits.RepliesBytesMax];
        if (_hasReplies)
        {
            exchange.NoteFact("edgeproxy.ai.guard.external"u8, told[..Tell(_replies, told)]);
        }

        if (_hasAnswerReplies)
        {
            exchange.NoteFact("edgeproxy.ai.guard.external_answer"u8, told[..Tell(_answerReplies, told)]);
        }
    }

    // moderation:allow,other:failed
    private int Tell(ExternalReply[] replies, Span<byte> told)
    {
        int length = 0;
        for (int i = 0; i < replies.Length; i++)
        {
            ReadOnlySpan<byte> reply = replies[i] switch
            {
                ExternalReply.NotAsked => default,
                ExternalReply.Allow => "allow"u8,
                ExternalReply.Block => "block"u8,
                _ => "failed"u8,
            };
            if (!reply.IsEmpty)
            {
                length += Put(told[length..], length > 0 ? ","u8 : default);
                length += Encoding.ASCII.GetBytes(_guard.External[i].Name, told[length..]);
                length += Put(told[length..], ":"u8);
                length += Put(told[length..], reply);
            }
        }

        return length;
    }

    private static int Put(Span<byte> text, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(text);
        return bytes.Length;
    }

    /// <summary>The exchange is over: counts what was found, and tells its record.</summary>
    public void Count(Exchange exchange)
    {
        Span<byte> text = stackalloc byte[GuardLimits.FindingsBytesMax];
        int length = Prompt.WriteWith("prompt="u8, text);
        length += Answer.WriteWith(length > 0 ? " answer="u8 : "answer="u8, text[length..]);
        if (_hasReplies)
        {
            length += Put(text[length..], length > 0 ? " external="u8 : "external="u8);
            length += Tell(_replies, text[length..]);
        }

        if (_hasAnswerReplies)
        {
            length += Put(text[length..], length > 0 ? " external_answer="u8 : "external_answer="u8);
            length += Tell(_answerReplies, text[length..]);
        }

        exchange.Record.NoteFindings(text[..length]);
        Prompt.Count(exchange);
        Answer.Count(exchange);
    }

    /// <summary>Looks at a request's body: what is masked is in the edits.</summary>
    public void InspectPrompt(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits, AiCallKind kind) =>
        InspectPrompt(index, body, edits, kind, _loop.CallArguments);

    private void InspectPrompt(
        JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits, AiCallKind kind, CallArguments arguments)
    {
        if (!_guard.Prompt.IsEmpty)
        {
            JudgeCalls(index, body, _guard.Prompt, Prompt, arguments);
            _prompts.Run(index, body, edits, Prompt);
            if (kind is AiCallKind.Embeddings or AiCallKind.OllamaEmbed && _guard.Prompt.Enforces
                && !_guard.Settings.PassesAttachments
                && GuardAttachments.HasNumber(index, index.Find(0, GuardNames.Input)))
            {
                Prompt.BlockFor("tokens");
            }
        }
    }

    /// <summary>The same, off the loop: nothing of the loop's is used.</summary>
    public JsonEdits InspectPrompt(byte[] body, AiCallKind kind)
    {
        var index = new JsonIndex();
        var edits = new JsonEdits();
        _ = index.Read(body); // it was read before, so it is good
        InspectPrompt(index, body, edits, kind, new CallArguments());
        index.Reset();
        return edits;
    }

    /// <summary>Looks at an answer that is whole.</summary>
    public void InspectAnswer(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits)
    {
        JudgeCalls(index, body, _guard.Answer, Answer, _loop.CallArguments);
        _answers.Run(index, body, edits, Answer);
    }

    /// <summary>The answer that was looked at, as others may see it: placeholders stay.</summary>
    public void MaskOnly(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits)
    {
        _answers.KeepsPlaceholders = true;
        _answers.Run(index, body, edits, Answer, isRepeat: true);
        _answers.KeepsPlaceholders = false;
    }

    /// <summary>Calls of tools that are whole in one event of a stream.</summary>
    /// <param name="said">What the stream said, if the event may say some of it again; else null.</param>
    public void JudgeCalls(JsonIndex index, ReadOnlySpan<byte> data, SaidTexts? said)
    {
        _loop.CallArguments.Placeholders = Placeholders;
        ToolCallWalk.Run(index, data, _guard.Answer.Calls, _loop.CallArguments, Answer, isEvent: true, said);
    }

    private void JudgeCalls(
        JsonIndex index, ReadOnlySpan<byte> body, GuardSide side, GuardVerdict verdict, CallArguments arguments)
    {
        if (!side.Calls.IsEmpty)
        {
            arguments.Placeholders = Placeholders;
            ToolCallWalk.Run(index, body, side.Calls, arguments, verdict, isEvent: false, said: null);
        }
    }
}
