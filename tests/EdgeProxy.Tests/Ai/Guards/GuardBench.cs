using System;
using System.Linq;
using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>A guard with rules, and streams and texts put through it.</summary>
internal sealed class GuardBench : IDisposable
{
    private readonly BlockPool _blocks = new();
    private readonly HeldBody _output = new();
    private readonly AiLoop _loop = new(new BodyBudget(), new PlanBook(TimeProvider.System, Assert.Fail));
    private readonly GuardWork _work;
    private readonly StreamGuard _stream;
    private readonly EventPieces _pieces;

    public GuardBench(params GuardRule[] rules)
        : this([], rules)
    {
    }

    public GuardBench(bool passesAttachments, params GuardRule[] rules)
        : this([], rules, passesAttachments)
    {
    }

    public GuardBench(ExternalGuard[] external, GuardRule[] rules, bool passesAttachments = false)
    {
        GuardRule[] texts = [.. rules.Where(rule => rule.Call is null)];
        var guard = new AiGuard(new AiGuardSettings
        {
            Name = "g",
            Prompt = new Sequence<GuardRule>(texts),
            Answer = new Sequence<GuardRule>([.. texts.Where(rule => !rule.Reversible)]),
            External = new Sequence<ExternalGuard>(external),
            AnswerWindowBytes = 16,
            PassesAttachments = passesAttachments,
            Tools = new Sequence<GuardRule>([.. rules.Where(rule => rule.Call is not null)]),
        }, _ => throw new InvalidOperationException("No guard of the test is asked."));
        _work = new GuardWork(guard, _loop);
        var walk = new GuardWalk(guard.Answer, _work.Placeholders, passesAttachments, isOfAnswer: true);
        _stream = new StreamGuard(_work, _loop, walk);
        _pieces = new EventPieces(_stream);
        _output.Bind(_blocks, budget: null);
    }

    public GuardVerdict Prompt => _work.Prompt;

    public GuardVerdict Answer => _work.Answer;

    public bool IsOver => _stream.IsOver;

    public static GuardRule Rule(GuardDetect detect, FindingAction action = FindingAction.Mask) => new()
    {
        Name = detect.ToString().ToLowerInvariant(),
        Detect = detect,
        Action = action,
        Pattern = @"\bORD-[0-9]{6}\b",
        PatternBytesMax = 16,
        Words = new Sequence<string>(["bluebird"]),
        BytesMax = 40,
    };

    /// <summary>All detectors that mask.</summary>
    public static GuardBench Masking() => new(
        Rule(GuardDetect.Secret), Rule(GuardDetect.CardNumber), Rule(GuardDetect.Iban), Rule(GuardDetect.Email),
        Rule(GuardDetect.Phone), Rule(GuardDetect.IpAddress), Rule(GuardDetect.Pattern), Rule(GuardDetect.Words),
        Rule(GuardDetect.PromptInjection));

    /// <summary>A stream, cut where it says.</summary>
    public string Stream(AiCallKind kind, byte[] stream, params ReadOnlySpan<int> cuts)
    {
        Pass(kind, stream, cuts);
        string written = Encoding.UTF8.GetString(_output.Bytes);
        _output.Release();
        return written;
    }

    /// <summary>A stream whose windows an external guard judges.</summary>
    public string StreamAsked(AiCallKind kind, byte[] stream, Func<string, ExternalReply> judge)
    {
        _output.Release();
        BeginAnswer();
        _stream.Begin(kind);
        _pieces.Begin(kind is AiCallKind.OllamaChat or AiCallKind.OllamaGenerate, _output);
        for (int i = 0; i < stream.Length && !_stream.IsOver; i++)
        {
            _pieces.Take(stream.AsSpan(i, 1), _output);
            Judge(judge);
        }

        if (!_stream.IsOver)
        {
            _pieces.TakeEnd(_output);
            Judge(judge);
        }

        string written = Encoding.UTF8.GetString(_output.Bytes);
        _output.Release();
        return written;
    }

    private void Judge(Func<string, ExternalReply> judge)
    {
        while (_stream.IsDue)
        {
            var question = new ByteBuffer();
            _stream.BeginAsking(question);
            if (judge(Encoding.UTF8.GetString(question.Bytes)) == ExternalReply.Block)
            {
                _work.Answer.BlockFor("judge");
            }

            _stream.TakeReplies(_output);
        }
    }

    /// <summary>What is the client's by now.</summary>
    public string Written => Encoding.UTF8.GetString(_output.Bytes);

    /// <summary>The same; nobody wants what is written.</summary>
    public void Pass(AiCallKind kind, byte[] stream, params ReadOnlySpan<int> cuts)
    {
        PassOn(kind, stream, cuts);
        _pieces.TakeEnd(_output);
    }

    /// <summary>The same, of a stream that external guards let pass: the buffer has the question.</summary>
    public void PassAsked(AiCallKind kind, byte[] stream, ByteBuffer question)
    {
        Pass(kind, stream);
        while (_stream.IsDue)
        {
            question.Clear();
            _stream.BeginAsking(question);
            _stream.TakeReplies(_output);
        }
    }

    /// <summary>A stream that goes on.</summary>
    public void PassOn(AiCallKind kind, byte[] stream, params ReadOnlySpan<int> cuts)
    {
        _output.Release();
        BeginAnswer();
        _stream.Begin(kind);
        _pieces.Begin(kind is AiCallKind.OllamaChat or AiCallKind.OllamaGenerate, _output);
        int from = 0;
        foreach (int cut in cuts)
        {
            _pieces.Take(stream.AsSpan(from, cut - from), _output);
            from = cut;
        }

        _pieces.Take(stream.AsSpan(from), _output);
    }

    /// <summary>A prompt with its masks; the verdict is in Prompt.</summary>
    public string Inspect(string body, AiCallKind kind = AiCallKind.ChatCompletions) =>
        Run(body, (index, edits, bytes) =>
        {
            _work.Begin();
            _work.InspectPrompt(index, bytes, edits, kind);
        });

    /// <summary>An answer with its masks; the verdict is in Answer.</summary>
    public string InspectAnswer(string body) => Run(body, (index, edits, bytes) =>
    {
        BeginAnswer();
        _work.InspectAnswer(index, bytes, edits);
    });

    public void Dispose()
    {
        _output.Release();
        _blocks.Dispose();
    }

    // What the prompt left is the answer's, as in a call.
    private void BeginAnswer() => _work.Answer.Begin();

    private string Run(string body, Action<JsonIndex, JsonEdits, byte[]> inspect)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        _loop.Edits.Reset();
        if (_loop.Index.Read(bytes) != JsonFault.None)
        {
            throw new ArgumentException("The test's body is no JSON.", nameof(body));
        }

        inspect(_loop.Index, _loop.Edits, bytes);
        var room = new byte[bytes.Length + _loop.Edits.Growth];
        return Encoding.UTF8.GetString(room, 0, _loop.Edits.Apply(bytes, room));
    }
}
