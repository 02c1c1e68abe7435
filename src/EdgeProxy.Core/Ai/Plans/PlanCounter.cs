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

    /// <summary>What the limit says now; the part of a period's use that is above it is carried on.</summary>
    public long Max { get; set; }

    public long Used { get; set; }

    public PlanWindow Window { get; set; }

    /// <summary>Its place in the ledger; -1 while it has none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Counts what was written of it.</summary>
    public ulong Version { get; set; }

    /// <summary>
    /// What the disk has of it, whatever becomes of the power: no more than so much was used since this start.
    /// </summary>
    public (long StartMs, long Used) Saved { get; set; }

    /// <summary>It outlives the process: what runs now does not, and a minute is over by then.</summary>
    public bool IsKept => Period is not (PlanPeriod.None or PlanPeriod.Minute);

    public static UInt128 KeyOf(string identity) =>
        BinaryPrimitives.ReadUInt128LittleEndian(Sha256.Of(Encoding.ASCII.GetBytes(identity)));

    /// <summary>
    /// Moves on to the period of the moment. What was used above the limit is used of the next one. A clock that was
    /// set back gives nothing back.
    /// </summary>
    public void Roll(long unixMs)
    {
        if (Window.Has(unixMs))
        {
            return;
        }

        bool isForward = unixMs >= Window.EndMs;
        long ended = Window.EndMs;
        Window = PlanWindow.At(Period, unixMs);
        if (isForward && Period != PlanPeriod.None)
        {
            // A debt is paid with one limit a period.
            long length = Window.EndMs - Window.StartMs;
            long periods = 1 + Math.Max(0, (Window.StartMs - ended) / length);
            long paid = Max > 0 && periods > long.MaxValue / Max ? long.MaxValue : Max * periods;
            Used = Math.Max(0, Used - paid);
        }
    }
}
