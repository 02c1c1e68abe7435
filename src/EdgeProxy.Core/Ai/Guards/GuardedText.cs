using System;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// One text of a prompt or an answer, whole or in pieces: takes it as it stands between the quotes of JSON strings, and
/// gives back what of it is decided, with masks in the place of findings and all else spelled as it was. Reused.
/// </summary>
internal sealed class GuardedText(GuardSide side, PlaceholderTable placeholders)
{
    private readonly SpelledText _spelled = new();
    private readonly TextScan _scan = new(side.Detections);
    private readonly int[] _counted = new int[side.Detections.Length];
    private int _told;
    private int _rawTold;
    private int _passedTo; // of a placeholder that is nobody's: it stays as it is to there
    private bool _isRepeat;

    /// <summary>Placeholders get back what they stand for; else they stay.</summary>
    public bool Restores { get; set; }

    /// <summary>It is no longer as it was.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>A finding was masked since the text began.</summary>
    public bool IsMasked { get; private set; }

    /// <summary>The rule of the first mask.</summary>
    public int MaskedBy { get; private set; }

    /// <summary>Something of it waits.</summary>
    public bool HasHeld => _rawTold < _spelled.Raw.Length;

    /// <param name="isJson">The text is JSON itself: its strings are looked into decoded.</param>
    /// <param name="isRepeat">It was looked at before: it is not counted twice.</param>
    public void Begin(bool isJson, bool isRepeat = false)
    {
        _isRepeat = isRepeat;
        _spelled.Begin(isJson);
        _scan.Begin();
        Array.Clear(_counted);
        _told = 0;
        _rawTold = 0;
        _passedTo = 0;
        IsChanged = false;
        IsMasked = false;
        MaskedBy = -1;
    }

    /// <summary>Lets go of what a long text needed.</summary>
    public void Release() => Begin(isJson: false);

    /// <summary>Takes more of the text and writes what is decided now.</summary>
    public void Take(ReadOnlySpan<byte> spelled, bool isEnd, GuardVerdict verdict, ByteBuffer output)
    {
        int before = _spelled.Text.Length;
        _spelled.Append(spelled);
        if (isEnd)
        {
            _spelled.End();
        }

        verdict.AddBytes(_isRepeat ? 0 : _spelled.Text.Length - before);
        _scan.Scan(_spelled.Text, isEnd);
        verdict.Take(_scan, _counted, _isRepeat);
        while (_scan.Next(out Piece piece))
        {
            Write(piece, verdict, output);
        }

        int gone = Math.Min(_scan.Kept, _told);
        if (gone > 0)
        {
            int raw = _spelled.Raw.Length;
            _spelled.Drop(gone);
            _scan.Drop(gone);
            _told -= gone;
            _passedTo -= gone;
            _rawTold -= raw - _spelled.Raw.Length;
        }
    }

    private void Write(in Piece piece, GuardVerdict verdict, ByteBuffer output)
    {
        int length = 0;
        for (int place = piece.Start; place < piece.End; place++)
        {
            length += _spelled.SpellingOf(place);
        }

        if (piece.Rule >= 0 && piece.Rule == side.RestoreRule)
        {
            Restore(piece, _spelled.Raw.Slice(_rawTold, length), verdict, output);
        }
        else if (piece.Rule < 0)
        {
            output.Append(_spelled.Raw.Slice(_rawTold, length));
        }
        else if (piece.Begins)
        {
            MaskedBy = IsMasked ? MaskedBy : piece.Rule;
            IsMasked = true;
            IsChanged = true;
            bool isReversible = side.IsReversible(piece.Rule);
            Quote(piece.Start, output);
            output.Append(isReversible
                ? placeholders.MaskFor(piece.Rule, _spelled.Text[piece.Start.._scan.MaskedTo])
                : side.MaskOf(piece.Rule));
            Quote(piece.Start, output);
        }

        _rawTold += length;
        _told = piece.End;
    }

    private void Restore(in Piece piece, ReadOnlySpan<byte> raw, GuardVerdict verdict, ByteBuffer output)
    {
        if (piece.Begins)
        {
            ReadOnlySpan<byte> found = _spelled.Text[piece.Start.._scan.MaskedTo];
            int end = found.IndexOf((byte)']') + 1;
            if (Restores && placeholders.TryFind(found[..end], out ReadOnlySpan<byte> value))
            {
                IsChanged = true;
                Quote(piece.Start, output);
                output.AppendEscaped(value, _spelled.IsJson);
                Quote(piece.Start, output);
                return;
            }

            _passedTo = piece.Start + end;
            if (!_isRepeat)
            {
                verdict.TakeBack(piece.Rule);
            }
        }

        // What another rule found right behind it is masked with it, and goes.
        int length = 0;
        for (int place = piece.Start; place < Math.Min(piece.End, _passedTo); place++)
        {
            length += _spelled.SpellingOf(place);
        }

        IsChanged |= length < raw.Length;
        output.Append(raw[..length]);
    }

    // What stands where JSON has a value of its own is one.
    private void Quote(int place, ByteBuffer output) =>
        output.Append(_spelled.IsBareJson(place) ? "\\\""u8 : default);
}
