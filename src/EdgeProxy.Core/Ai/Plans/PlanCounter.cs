using System;
using System.Buffers.Binary;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Ai.Plans;

/// <summary>
/// What one consumer used of one limit in the period that runs. Outlives configurations that go on counting it, and the
/// process. Touched only under its book's lock.
/// </summary>
internal sealed class PlanCounter
{
    /// <summary>Bytes that stand for the identity.</summary>
    public const int KeyBytes = 16;

    public PlanCounter(string identity, PlanPeriod period)
    {
        Identity = identity;
        Period = period;
        Key = KeyOf(identity);
    }

    /// <summary>"CONSUMER COUNT PERIOD MODELS": what makes two configurations mean the same count.</summary>
    public string Identity { get; }

    /// <summary>Stands for it in a file.</summary>
    public UInt128 Key { get; }

    public PlanPeriod Period { get; }

    /// <summary>What the limit says now.</summary>
    public long Max { get; set; }

    /// <summary>Nothing of it is refused, so nothing of it is owed.</summary>
    public bool IsReportOnly { get; set; }

    public long Used { get; private set; }

    /// <summary>
    /// The part of it that calls turned out to use on top of the limit: the next periods begin with it. What a limit
    /// that was larger once had let pass is none.
    /// </summary>
    public long Debt { get; private set; }

    public PlanWindow Window { get; set; }

    /// <summary>Its place in the ledger; -1 while it has none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Counts what was written of it.</summary>
    public ulong Version { get; set; }

    /// <summary>
    /// What the disk has of it, whatever becomes of the power: no more than so much was used since this start.
    /// </summary>
    public (long StartMs, long Used, long Debt) Saved { get; set; }

    /// <summary>More of it is used, or owed, than the disk knows of.</summary>
    public bool IsAheadOfSaved => Used > Saved.Used || Debt > Saved.Debt || Window.StartMs != Saved.StartMs;

    /// <summary>It outlives the process: what runs now does not, and a minute is over by then.</summary>
    public bool IsKept => Period is not (PlanPeriod.None or PlanPeriod.Minute);

    public static UInt128 KeyOf(string identity) =>
        BinaryPrimitives.ReadUInt128LittleEndian(Sha256.Of(Encoding.ASCII.GetBytes(identity)));

    /// <summary>As a file has it.</summary>
    public void Restore(long startMs, long used, long debt)
    {
        Window = PlanWindow.At(Period, startMs);
        Used = Math.Clamp(used, 0, PlanLimits.UsedMax);
        Debt = Math.Clamp(debt, 0, Used);
    }

    /// <summary>A call takes it, or gives it back.</summary>
    public void Add(long amount) => Used = Math.Clamp(Used + amount, 0, PlanLimits.UsedMax);

    /// <summary>A call came to so much more, or less, than was reserved.</summary>
    public void Settle(long difference)
    {
        long before = Used;
        Add(difference);
        if (difference > 0 && !IsReportOnly)
        {
            Debt += Math.Max(0, Used - Math.Max(Max, before));
        }
        else
        {
            // What others give back pays for it, and is not owed again when the limit is passed once more.
            Debt = Math.Min(Debt, Math.Max(0, Used - Max));
        }
    }

    /// <summary>
    /// Moves on to the period of the moment. What was owed is used of the next one. A clock that was set back gives
    /// nothing back: by up to a period its step is not seen at all, so that what the period it is in has used stays.
    /// </summary>
    public void Roll(long unixMs)
    {
        if (Window.Has(unixMs)
            || (unixMs < Window.StartMs && unixMs >= Window.StartMs - (Window.EndMs - Window.StartMs)))
        {
            return;
        }

        bool isForward = unixMs >= Window.EndMs;
        long ended = Window.EndMs;
        Window = PlanWindow.At(Period, unixMs);
        if (isForward && Period != PlanPeriod.None)
        {
            // A debt is paid with one limit a period.
            long owed = IsReportOnly ? 0 : Math.Min(Debt, Math.Max(0, Used - Max));
            long passed = Math.Max(0, (Window.StartMs - ended) / (Window.EndMs - Window.StartMs));
            long paid = Max > 0 && passed > PlanLimits.UsedMax / Max ? PlanLimits.UsedMax : Max * passed;
            Used = Math.Max(0, owed - paid);
            Debt = Math.Max(0, Used - Max);
        }
    }
}
