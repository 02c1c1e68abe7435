using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Ai.Plans;

/// <summary>
/// Where a book's counts outlive the process, in a ledger, and the machine's power, by saves: a thread writes what is
/// used, and some more, as soon as more is used than the disk knows of. So a power cut counts too much by a small
/// share, and nothing too little (decision 84).
/// </summary>
internal sealed class PlanKeeping(PlanBook book, TimeProvider time, Action<string> onTrouble) : IDisposable
{
    /// <summary>A save is ahead by this part of a limit.</summary>
    public const int AheadShare = 64;

    private const string LedgerName = "plans";
    private const string SavesName = "plans.saved";
    private const string BootPath = "/proc/sys/kernel/random/boot_id";

    // A disk that was full is tried again: nobody may call for a while, and the power may go.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<UInt128, (ulong Version, long StartMs, long Used, long Debt)> _recalled = [];
    private readonly List<SavedCount> _saving = [];
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ManualResetEvent _stopping = new(initialState: false);
    private readonly byte[] _boot = new byte[PlanLedger.BootBytes];
    private string _folder = "";
    private Thread? _thread;
    private long _failures;
    private bool _isFailing;
    private volatile bool _isStopping;

    /// <summary>Saves that failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Reads what an earlier process counted. False, with the problem, if that cannot be known.</summary>
    public bool TryRecall(string folder, out string problem)
    {
        _folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
            ReadBoot();
            if (PlanSaves.Read(Path.Combine(folder, SavesName), out problem) is not { } saved)
            {
                return false;
            }

            foreach (SavedCount count in saved)
            {
                _recalled[PlanCounter.KeyOf(count.Identity)] = (0, count.StartMs, count.Used, count.Debt);
            }

            foreach (LedgerEntry entry in PlanLedger.Read(Path.Combine(folder, LedgerName), _boot))
            {
                _recalled[entry.Key] = (entry.Version, entry.StartMs, entry.Used, entry.Debt);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"what plans count cannot be read: {exception.Message}";
            return false;
        }
    }

    /// <summary>What was counted of it before this process.</summary>
    public void Restore(PlanCounter counter)
    {
        if (counter.Period != PlanPeriod.None
            && _recalled.Remove(counter.Key, out (ulong Version, long StartMs, long Used, long Debt) known))
        {
            counter.Restore(known.StartMs, known.Used, known.Debt);
            counter.Version = known.Version;
        }
    }

    /// <summary>
    /// A ledger for those counters, in this order, not in its place yet. Null, with the problem, if it cannot be
    /// written.
    /// </summary>
    public PlanLedger? Create(IReadOnlyList<PlanCounter> counters, out string problem)
    {
        problem = "";
        try
        {
            return PlanLedger.Create(Path.Combine(_folder, LedgerName), counters, _boot);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"what plans count cannot be kept: {exception.Message}";
            return null;
        }
    }

    /// <summary>Puts the ledger in its place. False, with the problem, if that fails.</summary>
    public bool TryPublish(out string problem)
    {
        problem = "";
        try
        {
            PlanLedger.Publish(Path.Combine(_folder, LedgerName));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"what plans count cannot be kept: {exception.Message}";
            return false;
        }

        if (_thread is null)
        {
            _thread = new Thread(Run) { Name = "plans", IsBackground = true };
            _thread.Start();
        }

        return true;
    }

    /// <summary>More is used than the disk knows of. Any thread; one save is for all that wait.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Ends the thread, with a last save that is ahead of nothing.</summary>
    public void Dispose()
    {
        if (_isStopping)
        {
            return;
        }

        _isStopping = true;
        _stopping.Set();
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
        _stopping.Dispose();
    }

    private void Run()
    {
        bool isLast = false;
        while (!isLast)
        {
            // With a disk that takes nothing, not for each call that comes.
            _ = _isFailing ? _stopping.WaitOne(RetryInterval) : _wake.WaitOne();
            isLast = _isStopping;
            Save(isExact: isLast);
        }
    }

    private void Save(bool isExact)
    {
        book.CopyKept(_saving, isExact);
        try
        {
            PlanSaves.Write(Path.Combine(_folder, SavesName), _saving);
            book.NoteKept(_saving);
            _isFailing = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref _failures);
            if (!_isFailing)
            {
                onTrouble(exception.Message);
            }

            _isFailing = true;
        }
    }

    // A machine that was started anew has another; where it is not told, each start is one.
    private void ReadBoot()
    {
        byte[] id = File.Exists(BootPath)
            ? File.ReadAllBytes(BootPath)
            : Encoding.ASCII.GetBytes(time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
        Sha256.Of(id).AsSpan(0, _boot.Length).CopyTo(_boot);
    }
}
