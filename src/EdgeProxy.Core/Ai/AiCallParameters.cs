using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <content>The service's rules on parameters: before guards, plans and targets look at the body.</content>
internal sealed partial class AiCall
{
    // False: it was answered.
    private bool TryApplyParameters(Exchange exchange)
    {
        ParameterRules rules = _service!.Parameters;
        JsonEdits edits = _loop.Edits;
        edits.Reset();
        uint edited = 0;
        for (int rule = 0; rule < rules.Count; rule++)
        {
            if (rules.NeedsBefore(rule, edited, edits.Count))
            {
                if (!TryTakeEdits(exchange, edits))
                {
                    return false;
                }

                edited = 0;
            }

            int before = edits.Count;
            ParameterOutcome outcome = rules.Apply(rule, _loop.Index, Body.Bytes, edits, _kind);
            if (outcome != ParameterOutcome.Good)
            {
                string name = rules.NameOf(rule);
                Refuse(exchange, 400, "parameter_not_allowed", outcome == ParameterOutcome.Rejected
                    ? AiTexts.ParameterRejected(name)
                    : AiTexts.ParameterMalformed(name));
                return false;
            }

            edited |= edits.Count > before ? 1U << rule : 0;
        }

        return TryTakeEdits(exchange, edits);
    }

    // The body becomes what the edits make of it, and is read anew.
    private bool TryTakeEdits(Exchange exchange, JsonEdits edits)
    {
        if (edits.IsEmpty)
        {
            return true;
        }

        if (!_edited.TryRoom(Body.Length + edits.Growth, out System.Span<byte> room))
        {
            OnBodyRefused(exchange, isTooLong: false);
            return false;
        }

        _edited.Commit(edits.Apply(Body.Bytes, room));
        Body.TakeFrom(_edited);
        edits.Reset();
        JsonFault fault = _loop.Index.Read(Body.Bytes);
        if (fault != JsonFault.None)
        {
            Refuse(exchange, 400, "invalid_json", AiTexts.Of(fault)); // too many values, or too deep, with ours
        }

        return fault == JsonFault.None;
    }
}
