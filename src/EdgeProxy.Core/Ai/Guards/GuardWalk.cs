using System;
using EdgeProxy.Primitives.Detection;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Goes over the texts of one JSON text, a request, an answer or an event of one: every string but marks and ids, names
/// of members, and numbers a tool is called with. Masks are edits; all else stays, byte for byte. Reused; one loop's.
/// </summary>
internal sealed class GuardWalk(
    GuardSide side, PlaceholderTable placeholders, bool passesAttachments, bool isOfAnswer)
{
    private const int NumberBytesMin = 12;

    private readonly TextScan _scan = new(side.Detections);
    private readonly int[] _counted = new int[side.Detections.Length];
    private readonly GuardedText _spelled = new(side, placeholders);
    private readonly ByteBuffer _written = new();
    private readonly ByteBuffer _shown = new();
    private readonly Open[] _open = new Open[JsonScanner.DepthMax + 1];
    private int _depth;
    private bool _isRepeat;

    /// <summary>Placeholders of the answer stay.</summary>
    public bool KeepsPlaceholders { get; set; }

    /// <summary>
    /// What the stream said, if the text may say some of it again: that is neither counted twice nor shown. Null if
    /// all of it is new, or what was said does not matter.
    /// </summary>
    public SaidTexts? Said { get; set; }

    /// <summary>Takes the strings as others may see them; null if nobody does.</summary>
    public AnswerWindow? Window { get; set; }

    /// <summary>Nodes that the caller looks at itself, ascending; -1 behind the last.</summary>
    public int[] Apart { get; } = CreateApart();

    /// <summary>Looks at all of it. What is masked is in the edits; the rest is in the verdict.</summary>
    /// <param name="isRepeat">It says again what was looked at before: it is not counted twice.</param>
    public void Run(
        JsonIndex index, ReadOnlySpan<byte> text, JsonEdits edits, GuardVerdict verdict, bool isRepeat = false)
    {
        _isRepeat = isRepeat;
        _depth = 0;
        int apart = 0;
        for (int node = 0; node < index.Count && !verdict.IsBlocked;)
        {
            ref readonly JsonNode at = ref index[node];
            while (_depth > 0 && node >= _open[_depth - 1].End)
            {
                _depth--;
            }

            while (Apart[apart] >= 0 && Apart[apart] < node)
            {
                apart++; // it stood in what was taken out
            }

            bool isFree = _depth > 0 && _open[_depth - 1].IsFree;
            ulong name = at.NameStart >= 0 || _depth == 0 ? at.NameHash : _open[_depth - 1].Name;
            ulong folded = at.NameStart >= 0 ? FoldedName.HashOf(at, text) : name;
            if (at.NameStart >= 0)
            {
                Whole(text, at.NameStart, at.NameEnd, isJson: false, edits, verdict, mayMask: true);
            }

            if (at.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart)
            {
                node = Enter(index, text, node, folded, isFree, edits, verdict);
                continue;
            }

            if (node != Apart[apart] && at.Kind == JsonToken.String
                && (isFree || IsVariable(at) || IsSeen(index, node, name, folded, text, verdict)))
            {
                bool isJson = folded == GuardNames.Arguments || folded == GuardNames.PartialJson;
                _shown.Clear();
                // What is not the model's is none of what it said, and was counted where it was asked.
                bool isSaid = IsOthers(name) || Said?.HasSaid(text[(at.Start + 1)..(at.End - 1)]) == true;
                _isRepeat = Said is null ? isRepeat : isSaid;
                Whole(text, at.Start, at.End, isJson, edits, verdict, MayMask(index, name));
                _isRepeat = isRepeat;
                if (!isSaid && Window?.TryAdd(AnswerWindow.Loose, _shown.Bytes) == false)
                {
                    verdict.BlockFor("too_many_texts");
                }
            }
            else if (at.Kind == JsonToken.Number && isFree && at.End - at.Start >= NumberBytesMin)
            {
                Number(text, at, edits, verdict);
            }

            node++;
        }
    }

    // An object or a list: the node to go on with.
    private int Enter(
        JsonIndex index,
        ReadOnlySpan<byte> text,
        int node,
        ulong name,
        bool isFree,
        JsonEdits edits,
        GuardVerdict verdict)
    {
        ref readonly JsonNode at = ref index[node];
        bool isTokens = side.Enforces && !isFree && GuardAttachments.IsTokens(index, node, name);
        bool isLogprobs = side.Enforces && !isFree && name == GuardNames.Logprobs && at.Next > node + 1;
        if (isOfAnswer && (isTokens || isLogprobs))
        {
            // The text once more, token by token.
            edits.Replace(at.Start, at.End, at.Kind == JsonToken.ArrayStart ? "[]"u8 : "null"u8);
            return at.Next;
        }

        if (isTokens && !passesAttachments)
        {
            verdict.BlockFor("tokens");
        }

        // The request's own input is the API's, in a list or not; and what a tool has put out may be a picture.
        bool opensFree = isFree || (at.Kind == JsonToken.ObjectStart && GuardNames.IsFree(name)
            && ((at.NameStart >= 0 && _depth > 1) || !GuardNames.HasItems(name)));
        bool isOwn = isFree || (opensFree && name != GuardNames.Output);
        CheckAttachment(index, text, node, name, isOwn, verdict);
        _open[_depth++] = new Open(at.Next, name, opensFree, node);
        return node + 1;
    }

    /// <summary>An object or list that has a text once more, token by token: an answer's are taken out.</summary>
    public static bool IsTextAgain(JsonIndex index, ReadOnlySpan<byte> text, int node)
    {
        ulong name = index[node].NameStart >= 0 ? FoldedName.HashOf(index[node], text) : 0;
        return name == GuardNames.Logprobs || GuardAttachments.IsTokens(index, node, name);
    }

    /// <summary>Lets go of what a long text needed.</summary>
    public void Release() => _spelled.Release();

    // What a stored prompt is filled in with, under names of its own.
    private bool IsVariable(in JsonNode at) =>
        at.NameStart >= 0 && _depth > 0 && _open[_depth - 1].Name == GuardNames.Variables;

    private bool IsSeen(
        JsonIndex index, int node, ulong name, ulong folded, ReadOnlySpan<byte> text, GuardVerdict verdict)
    {
        CheckAttachment(index, text, node, folded, isFree: false, verdict);
        return IsText(index, text, node, _depth > 0 ? _open[_depth - 1].Node : -1, name);
    }

    /// <summary>A string that is looked into.</summary>
    /// <param name="name">Its own, or that of the list it stands in.</param>
    public bool IsText(JsonIndex index, ReadOnlySpan<byte> text, int node, int parent, ulong name)
    {
        ReadOnlySpan<byte> content = text[(index[node].Start + 1)..(index[node].End - 1)];
        if (GuardNames.IsStructure(name))
        {
            return !GuardNames.IsMark(content);
        }

        if (GuardNames.IsBinary(name))
        {
            // A document that is text has it where others have Base64; and what was thought is sealed there.
            int type = index.Find(parent, GuardNames.Type);
            ulong kind = type >= 0 ? (ulong)index[type].Number : 0;
            return passesAttachments || !side.Enforces
                ? name == GuardNames.Data && kind == GuardNames.Text
                : kind != GuardNames.RedactedThinking;
        }

        return !GuardAttachments.IsEncoded(content, name);
    }

    // A response that is told whole has in it what it was asked for: no words of the model's.
    private bool IsOthers(ulong name) => Said is not null && _depth >= 2 && _open[1].Name == GuardNames.Response
        && GuardNames.IsOfRequest(_depth == 2 ? name : _open[2].Name);

    // A signed text that is changed is refused by who signed it.
    private bool MayMask(JsonIndex index, ulong name) =>
        name != GuardNames.Thinking || _depth == 0
        || index.Find(_open[_depth - 1].Node, GuardNames.Signature) < 0;

    private void CheckAttachment(
        JsonIndex index, ReadOnlySpan<byte> text, int node, ulong name, bool isFree, GuardVerdict verdict)
    {
        if (!passesAttachments && !isFree && side.Enforces
            && GuardAttachments.Is(index, text, node, name, isOfAnswer))
        {
            verdict.BlockFor("attachment");
        }
    }

    // A string or name with its quotes.
    private void Whole(
        ReadOnlySpan<byte> text,
        int start,
        int end,
        bool isJson,
        JsonEdits edits,
        GuardVerdict verdict,
        bool mayMask)
    {
        ReadOnlySpan<byte> content = text[(start + 1)..(end - 1)];
        if (content.IsEmpty)
        {
            return;
        }

        if (!isJson && content.IndexOf((byte)'\\') < 0)
        {
            Plain(content, start + 1, edits, verdict, mayMask);
            return;
        }

        _written.Clear();
        _spelled.Begin(isJson, _isRepeat);
        _spelled.Restores = mayMask && !KeepsPlaceholders;
        _spelled.Shown = Window is null ? null : _shown;
        _spelled.Take(content, isEnd: true, verdict, _written);
        if (_spelled.IsMasked && !mayMask)
        {
            verdict.Block(_spelled.MaskedBy);
        }
        else if (_spelled.IsChanged)
        {
            edits.Replace(start + 1, end - 1, _written.Bytes);
        }

        _written.Clear();
    }

    private void Plain(ReadOnlySpan<byte> content, int at, JsonEdits edits, GuardVerdict verdict, bool mayMask)
    {
        Scan(content, verdict);
        while (_scan.Next(out Piece piece))
        {
            if (Window is not null)
            {
                _shown.Append(piece.Rule < 0 || piece.Rule == side.RestoreRule ? content[piece.Start..piece.End]
                    : piece.Begins ? side.MaskOf(piece.Rule)
                    : default);
            }

            if (piece.Rule >= 0 && piece.Rule == side.RestoreRule)
            {
                Restore(content[piece.Start..piece.End], at + piece.Start, edits, verdict, mayMask);
            }
            else if (piece.Rule >= 0 && !mayMask)
            {
                verdict.Block(piece.Rule);
                return;
            }

            else if (piece.Rule >= 0)
            {
                edits.Replace(at + piece.Start, at + piece.End,
                    piece.Begins ? MaskFor(piece.Rule, content[piece.Start..piece.End]) : default);
            }
        }
    }

    private ReadOnlySpan<byte> MaskFor(int rule, ReadOnlySpan<byte> found) =>
        side.IsReversible(rule) ? placeholders.MaskFor(rule, found) : side.MaskOf(rule);

    // A placeholder gets back what it stands for; what another rule found right behind it is masked with it, and goes.
    private void Restore(ReadOnlySpan<byte> found, int at, JsonEdits edits, GuardVerdict verdict, bool mayMask)
    {
        int end = found.IndexOf((byte)']') + 1;
        if (mayMask && !KeepsPlaceholders && placeholders.TryFind(found[..end], out ReadOnlySpan<byte> value))
        {
            _written.Clear();
            _written.AppendEscaped(value);
            edits.Replace(at, at + found.Length, _written.Bytes);
            return;
        }

        if (!_isRepeat)
        {
            verdict.TakeBack(side.RestoreRule);
        }

        if (end < found.Length)
        {
            edits.Replace(at + end, at + found.Length, default);
        }
    }

    // A number with a finding in it becomes a string.
    private void Number(ReadOnlySpan<byte> text, in JsonNode node, JsonEdits edits, GuardVerdict verdict)
    {
        Scan(text[node.Start..node.End], verdict);
        while (_scan.Next(out Piece piece))
        {
            if (piece.Rule >= 0)
            {
                _written.Clear();
                _written.Append("\""u8);
                _written.Append(MaskFor(piece.Rule, text[(node.Start + piece.Start)..(node.Start + piece.End)]));
                _written.Append("\""u8);
                edits.Replace(node.Start, node.End, _written.Bytes);
                return;
            }
        }
    }

    private void Scan(ReadOnlySpan<byte> content, GuardVerdict verdict)
    {
        _scan.Begin();
        Array.Clear(_counted);
        verdict.AddBytes(_isRepeat ? 0 : content.Length);
        _scan.Scan(content, isEnd: true);
        verdict.Take(_scan, _counted, _isRepeat);
    }

    private static int[] CreateApart()
    {
        var apart = new int[GuardLimits.LanesMax + 1];
        Array.Fill(apart, -1);
        return apart;
    }

    private readonly record struct Open(int End, ulong Name, bool IsFree, int Node);
}
