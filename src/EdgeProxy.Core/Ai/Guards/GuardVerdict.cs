using System;
using System.Buffers.Text;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Detection;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Ai.Guards;

/// <summary>What the rules of one side found in one exchange. Reused.</summary>
internal sealed class GuardVerdict(GuardSide side, FindingCount[] findings)
{
    private readonly int[] _counts = new int[side.Rules.Length];
    private long _bytes;

    /// <summary>The rule that stopped it; -1 if none did.</summary>
    public int BlockedBy { get; private set; } = -1;

    public bool IsBlocked => BlockedBy >= 0 || Cause.Length > 0;

    /// <summary>Why it was stopped, if no rule did: what could not be looked into.</summary>
    public string Cause { get; private set; } = "";

    /// <summary>What stopped it, as the client is told: names of the configuration, nothing of the text.</summary>
    public string Reason => BlockedBy >= 0 ? side.Rules[BlockedBy].Name : Cause;

    public void Begin()
    {
        Array.Clear(_counts);
        _bytes = 0;
        BlockedBy = -1;
        Cause = "";
    }

    /// <summary>What a scan found in a text, or in more of one.</summary>
    /// <param name="told">What the scan had found when it was asked last; brought up to date.</param>
    /// <param name="isRepeat">It was found before.</param>
    public void Take(TextScan scan, Span<int> told, bool isRepeat)
    {
        for (int rule = 0; rule < scan.Counts.Length; rule++)
        {
            _counts[rule] += isRepeat ? 0 : scan.Counts[rule] - told[rule];
            told[rule] = scan.Counts[rule];
        }

        if (scan.BlockedBy >= 0)
        {
            Block(scan.BlockedBy);
        }
    }

    /// <summary>So many bytes of text were looked at.</summary>
    public void AddBytes(int count)
    {
        long before = _bytes;
        _bytes += count;
        ReadOnlySpan<GuardRule> rules = side.Rules;
        for (int rule = side.Detections.Length; rule < side.LengthsEnd; rule++)
        {
            if (before <= rules[rule].BytesMax && _bytes > rules[rule].BytesMax)
            {
                _counts[rule]++;
                if (GuardSide.IsEnforced(rules[rule]))
                {
                    Block(rule);
                }
            }
        }
    }

    /// <summary>A call that a rule is about.</summary>
    /// <param name="isRepeat">It was found before.</param>
    public void Found(int rule, bool isRepeat) => _counts[rule] += isRepeat ? 0 : 1;

    /// <summary>So many placeholders were no more than text: what they would stand for is not here.</summary>
    public void TakeBack(int rule) => _counts[rule]--;

    /// <summary>A text that must not be changed has something to mask.</summary>
    public void Block(int rule) => BlockedBy = BlockedBy < 0 ? rule : BlockedBy;

    /// <summary>Something cannot be looked into.</summary>
    public void BlockFor(string cause) => Cause = Cause.Length == 0 ? cause : Cause;

    /// <summary>Tells the exchange's audit record.</summary>
    public void Tell(Exchange exchange, ReadOnlySpan<byte> fact)
    {
        Span<byte> text = stackalloc byte[GuardLimits.VerdictBytesMax];
        exchange.NoteFact(fact, text[..Write(text)]);
    }

    /// <summary>Writes what was found, with the prefix before it; nothing if nothing was.</summary>
    /// <returns>Bytes written.</returns>
    public int WriteWith(ReadOnlySpan<byte> prefix, Span<byte> room)
    {
        int length = Write(room.Slice(prefix.Length, GuardLimits.VerdictBytesMax));
        prefix.CopyTo(room);
        return length == 0 ? 0 : prefix.Length + length;
    }

    /// <summary>Adds it to the counters of the loop and of the rules.</summary>
    public void Count(Exchange exchange)
    {
        int masked = 0;
        int flagged = 0;
        ReadOnlySpan<GuardRule> rules = side.Rules;
        for (int rule = 0; rule < rules.Length; rule++)
        {
            bool isMasked = GuardSide.IsEnforced(rules[rule]) && rules[rule].Action == FindingAction.Mask;
            masked += isMasked ? _counts[rule] : 0;
            if (_counts[rule] > 0)
            {
                findings[rule].Add(_counts[rule]);
            }

            bool isFlagged = !GuardSide.IsEnforced(rules[rule]) && rule != side.RestoreRule;
            flagged += isFlagged ? _counts[rule] : 0;
        }

        exchange.Shard.Counters.Add(Counter.GuardMasks, masked);
        exchange.Shard.Counters.Add(Counter.GuardFlags, flagged);
        exchange.Shard.Counters.Add(Counter.GuardBlocks, IsBlocked ? 1 : 0);
    }

    // email:mask:2,secret:block:1; what a rule only would have done has a ? behind it.
    private int Write(Span<byte> text)
    {
        int length = 0;
        ReadOnlySpan<GuardRule> rules = side.Rules;
        for (int rule = 0; rule < rules.Length; rule++)
        {
            ReadOnlySpan<byte> action = rules[rule].Action switch
            {
                _ when rule == side.RestoreRule => ":restore"u8,
                FindingAction.Mask => ":mask"u8,
                FindingAction.Block => ":block"u8,
                _ => ":flag"u8,
            };
            if (_counts[rule] == 0 || text.Length - length < GuardLimits.NameCharsMax + 24)
            {
                continue;
            }

            length += Put(text[length..], length > 0 ? ","u8 : default);
            length += Encoding.ASCII.GetBytes(rules[rule].Name, text[length..]);
            length += Put(text[length..], action);
            length += Put(text[length..], rules[rule].ReportOnly ? "?:"u8 : ":"u8);
            Utf8Formatter.TryFormat(_counts[rule], text[length..], out int digits);
            length += digits;
        }

        if (Cause.Length > 0 && text.Length - length > Cause.Length)
        {
            length += Put(text[length..], length > 0 ? ","u8 : default);
            length += Encoding.ASCII.GetBytes(Cause, text[length..]);
        }

        return length;
    }

    private static int Put(Span<byte> text, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(text);
        return bytes.Length;
    }
}
