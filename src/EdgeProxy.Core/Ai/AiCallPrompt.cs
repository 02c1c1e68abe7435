using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <content>Its body: read, judged by rules and guards, and sent.</content>
internal sealed partial class AiCall
{
    private static readonly FieldName Estimated = FieldName.Of("X-EdgeProxy-Estimated");

    private bool _isEstimated;

    public override Verdict OnBody(Exchange exchange)
    {
        Verdict verdict = Judge(exchange);
        _loop.Index.Reset();
        return verdict;
    }

    private Verdict Judge(Exchange exchange)
    {
        JsonIndex index = _loop.Index;
        JsonFault fault = index.Read(Body.Bytes);
        if (fault != JsonFault.None)
        {
            return Refuse(exchange, 400, "invalid_json", AiTexts.Of(fault));
        }

        if (RequestSpelling.IsOdd(index, Body.Bytes, _service!.Parameters))
        {
            return Refuse(exchange, 400, "ambiguous_name", AiTexts.OddName);
        }

        int model = index.Find(0, RequestNames.Model);
        if (model < 0 || index[model].Kind != JsonToken.String)
        {
            return Refuse(exchange, 400, "missing_model", AiTexts.ModelMissing);
        }

        ReadModel(index[model]);
        _entry = _modelLength > 0 ? _service!.Find(Model, exchange.Consumer) : null;
        if (_entry is null)
        {
            return Refuse(exchange, 404, AiTexts.ModelCode, AiTexts.NoModel);
        }

        if (exchange.Shard.Halts.Current.HasModel(Model))
        {
            exchange.Fault = Fault.Halted;
            return Verdict.Answered;
        }

        if (!TryApplyParameters(exchange))
        {
            return Verdict.Answered;
        }

        if (_guard is not { } guard)
        {
            return Send(exchange);
        }

        if (guard.Guard.Prompt.IsEmpty || Body.Length <= GuardLimits.OnLoopBytesMax)
        {
            _loop.Edits.Reset();
            guard.InspectPrompt(index, Body.Bytes, _loop.Edits, _kind);
            return OnInspected(exchange, _loop.Edits);
        }

        _isAsking = true;
        _isInspecting = true;
        return Deferred.Start(exchange, InspectAsync(guard, Body.Bytes.ToArray(), _kind));
    }

    // A long prompt takes milliseconds: others on the loop do not wait for that.
    private async ValueTask<Func<Exchange, Verdict>> InspectAsync(GuardWork guard, byte[] body, AiCallKind kind)
    {
        JsonEdits edits = await Task.Run(() => guard.InspectPrompt(body, kind)).ConfigureAwait(false);
        return exchange =>
        {
            _isInspecting = false;
            Verdict verdict = OnInspected(exchange, edits);
            _loop.Index.Reset();
            return verdict;
        };
    }

    private Verdict OnInspected(Exchange exchange, JsonEdits edits)
    {
        GuardWork guard = _guard!;
        if (!IsLetPass(exchange, guard, edits))
        {
            return Verdict.Answered;
        }

        return guard.Guard.External.AskPrompts ? AskAboutPrompt(exchange, guard.Guard.External) : Send(exchange);
    }

    // The body is one that goes to a model.
    private Verdict Send(Exchange exchange)
    {
        JsonIndex index = _loop.Index;
        _facts = RequestFacts.Of(index, _kind);
        _tokens = _entry!.HasWindows ? RoomFor(index) : 0;
        if (!TryChoose(exchange))
        {
            return _kind == AiCallKind.CountTokens && !IsCountedByProvider && exchange.Fault.IsNone
                ? AnswerCount(exchange)
                : exchange.Fault.IsNone
                ? Refuse(exchange, 400, "unsupported_api", AiTexts.NotSpoken)
                : Verdict.Answered;
        }

        if (!_service!.Tools.Allow(index, Body.Bytes, _kind))
        {
            return Refuse(exchange, 403, "tool_not_allowed", AiTexts.NoTool);
        }

        if (!_use.TryReserve(exchange, _service, _entry!, Model, AskOf(index)))
        {
            _target = null;
            NoteRefusal(exchange, _use.RefusalCode);
            return Verdict.Answered;
        }

        if (!TryAim(exchange))
        {
            return Verdict.Answered;
        }

        EnterLoad(exchange);
        exchange.Service = _target!.Provider.Service;
        return Verdict.Next;
    }

    // One of the model's targets counts tokens itself.
    private bool IsCountedByProvider =>
        Array.Exists(_entry!.Targets, static target =>
            AiApi.IsSpoken(AiCallKind.CountTokens, target.Provider.Settings.Kind));

    // Nobody is asked: the answer is the proxy's estimate, and says so.
    private Verdict AnswerCount(Exchange exchange)
    {
        _isEstimated = true;
        exchange.ResponseEdits.Set(Estimated, "input_tokens"u8);
        long tokens = InputEstimate.OfRequest(_loop.Index, Body.Bytes, AiCallKind.Messages);
        return exchange.Answer(new LocalAnswer(
            200, "application/json", Encoding.ASCII.GetBytes($"{{\"input_tokens\":{tokens}}}")));
    }

    public override bool IsAsking => _isAsking;

    // The body was read before, so it is good.
    private Verdict SendAgain(Exchange exchange)
    {
        _ = _loop.Index.Read(Body.Bytes);
        Verdict verdict = Send(exchange);
        _loop.Index.Reset();
        return verdict;
    }

    // The guard's rules on the prompt: what they mask is masked for every target.
    private bool IsLetPass(Exchange exchange, GuardWork guard, JsonEdits edits)
    {
        if (!guard.Prompt.IsBlocked && !edits.IsEmpty)
        {
            if (!_edited.TryRoom(Body.Length + edits.Growth, out Span<byte> room))
            {
                OnBodyRefused(exchange, isTooLong: false);
                return false;
            }

            _edited.Commit(edits.Apply(Body.Bytes, room));
            Body.TakeFrom(_edited);
        }

        bool isIndexed = edits.IsEmpty && _loop.Index.Count > 0;
        if (!guard.Prompt.IsBlocked && !isIndexed && _loop.Index.Read(Body.Bytes) != JsonFault.None)
        {
            guard.Prompt.BlockFor("names"); // two that are masked would be one
        }

        if (guard.Prompt.IsBlocked)
        {
            Refuse(exchange, 403, GuardTexts.Code, GuardTexts.OfPrompt(guard.Prompt.Reason));
            return false;
        }

        return true;
    }

    private void ReadModel(JsonNode node)
    {
        JsonText text = JsonText.Of(Body.Bytes[node.Start..node.End]);
        _modelLength = text.IsShort ? text.Length : 0;
        text.Span[.._modelLength].CopyTo(_model);
    }
}
