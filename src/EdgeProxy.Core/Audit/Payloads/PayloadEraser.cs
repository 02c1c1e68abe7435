using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What came of an erasure.</summary>
/// <param name="Status">As an HTTP status.</param>
/// <param name="Count">Payloads that were erased now.</param>
/// <param name="IsBegun">It is not at its end, and is tried again.</param>
internal readonly record struct EraseOutcome(int Status, string Text, long Count = 0, bool IsBegun = false);

/// <summary>
/// Overwrites a consumer's payloads, or those of exchanges, where they lie. (1) What is to go is written to a file,
/// (2) the chain says that it goes, (3) entries are marked and overwritten, (4) the chain says that it went, (5) the
/// file goes. A process that dies on the way leaves the file, and the next one begins again at (2). One thread.
/// </summary>
/// <param name="record">Brings a record into the chain; false if it is not on the disk.</param>
/// <param name="step">Told after each step; tests end there.</param>
internal sealed class PayloadEraser(
    PayloadFiles files, Func<byte[], bool> record, TimeProvider time, Action<string>? step = null)
{
    private const string PendingPattern = "erase*.pending";

    /// <summary>In the place of a consumer: of exchanges nobody was known in.</summary>
    public const string Anonymous = "";

    private readonly byte[] _zeros = new byte[64 * 1024];

    private readonly Dictionary<string, EraseProgress> _progress = []; // by the files of those that are begun
    private readonly HashSet<(ulong Lane, ulong Number)> _found = []; // of those asked for, what has a payload
    private readonly List<ulong> _uncounted = []; // files of a round that could not be counted
    private string _unread = ""; // the last file of a round that could not be read, and why
    private long _overwritten; // of a round, what was not before

    /// <summary>Some are not at their end.</summary>
    public bool HasPending => Pending().Count > 0;

    /// <summary>Null if a name can be a consumer's here.</summary>
    public static string? ProblemOf(string consumer) =>
        consumer.Length == 0 || Encoding.UTF8.GetByteCount(consumer) > byte.MaxValue
            || consumer.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? "is no name of a consumer" : null;

    /// <param name="beforeMs">Payloads of earlier exchanges go; in milliseconds since 1970.</param>
    /// <param name="by">Who asked.</param>
    public EraseOutcome Erase(EraseScope scope, long beforeMs, string by)
    {
        BeginRound();
        var progress = new EraseProgress();
        ErasureOrder order = CountAll(new ErasureOrder(scope, beforeMs, by) { CountedTo = 0 }, progress);
        step?.Invoke("counted");
        if (order.Count == 0 && _unread.Length > 0)
        {
            return new EraseOutcome(500, $"nothing was erased: {_unread}");
        }

        if (order.Count == 0 && scope.IsOfExchanges)
        {
            return new EraseOutcome(200, TextOf(order, 0)); // one id may have any number of them
        }

        if (order.Count > 0)
        {
            List<string> pending = Pending();
            if (pending.Count >= PayloadLimits.PendingErasuresMax)
            {
                return new EraseOutcome(503,
                    $"{pending.Count} erasures are begun and not at their end, which is the most: nothing was erased");
            }

            order = order with { Path = NextPath(pending) };
            WritePending(order.Path, order.ToText());
            step?.Invoke("kept");
        }

        return Run(order, progress, isResumed: false);
    }

    /// <summary>Takes up again, oldest first, what is not at its end; whose each is, and what came of it.</summary>
    public List<(string Whose, EraseOutcome Outcome)> Resume()
    {
        var outcomes = new List<(string, EraseOutcome)>();
        foreach (string path in Pending())
        {
            if (!_progress.TryGetValue(path, out EraseProgress? progress))
            {
                progress = new EraseProgress();
            }

            string problem = "";
            if ((progress.Order ?? ReadPending(path, out problem)) is not { } order)
            {
                outcomes.Add(("", new EraseOutcome(500, problem, IsBegun: true)));
                continue;
            }

            BeginRound();
            order = Recounted(order with { Path = path }, progress);
            outcomes.Add((order.Scope.Whose, Run(order, progress, isResumed: true)));
        }

        return outcomes;
    }

    // One that cannot be read keeps none of the others; null, and why.
    private static ErasureOrder? ReadPending(string path, out string problem)
    {
        string name = Path.GetFileName(path);
        problem = $"{name} is no erasure: it was changed, or is of a later version";
        try
        {
            return ErasureOrder.Parse(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"{name} cannot be read: {exception.Message}";
            return null;
        }
    }

    /// <summary>For people.</summary>
    public static string TextOf(string whose, long count) => $"{count} payloads of {whose} erased";

    private static string TextOf(ErasureOrder order, long count) => TextOf(order.Scope.Whose, count);

    private void BeginRound()
    {
        _unread = "";
        _overwritten = 0;
        _found.Clear();
        _uncounted.Clear();
    }

    // What could not be read when it was begun is counted before any of it goes: the chain says how many went.
    private ErasureOrder Recounted(ErasureOrder order, EraseProgress progress)
    {
        ErasureOrder counted = CountAll(order, progress);
        progress.IsAnnounced &= counted.Count == order.Count;
        if (counted.Count != order.Count || counted.Uncounted.Count != order.Uncounted.Count)
        {
            _progress.Remove(counted.Path); // unless it is kept what is counted now is forgotten
            WritePending(counted.Path, counted.ToText());
            step?.Invoke("counted again");
        }

        return counted;
    }

    private ErasureOrder CountAll(ErasureOrder order, EraseProgress progress)
    {
        List<ulong> numbers = files.List();
        ErasureOrder counted = order;
        foreach (ulong number in numbers)
        {
            // Of one that was counted, what came behind that.
            long length = files.StampOf(number).Length;
            bool isCounted = order.IsCounted(number);
            long from = isCounted ? progress.CountedOf(number, length) : 0;
            if (isCounted && from >= length)
            {
                continue;
            }

            if (TryRead(number, () => counted = Count(counted, number, from)))
            {
                progress.Count(number, length);
            }
            else if (!isCounted)
            {
                _uncounted.Add(number);
            }
        }

        // A file that cannot be read now may have any of the exchanges asked for: they come behind what is counted.
        bool isNews = order.CountedTo == 0 || counted.Count > order.Count;
        if (order.Scope.IsOfExchanges && isNews)
        {
            counted = counted.WithFound(_found, order.Count, isWhole: order.CountedTo == 0 && _uncounted.Count == 0);
        }

        return counted with
        {
            CountedTo = Math.Max(order.CountedTo, numbers.Count > 0 ? numbers[^1] : 0),
            Uncounted = [.. _uncounted],
        };
    }

    // A file that cannot be read does not keep the others.
    private bool TryRead(ulong number, Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _unread = $"{Path.GetFileName(files.PathOf(number))} cannot be read: {exception.Message}";
            return false;
        }
    }

    // What is not announced is not begun. What was announced, and what was overwritten, is not so again.
    private EraseOutcome Run(ErasureOrder order, EraseProgress progress, bool isResumed)
    {
        progress.Order = order;
        if (!progress.IsAnnounced && !Tell(order, PayloadRecords.Begun))
        {
            if (order.Count > 0 && !isResumed)
            {
                File.Delete(order.Path);
            }

            return new EraseOutcome(503, "the chain cannot be written now: nothing was erased", 0, isResumed);
        }

        progress.IsAnnounced = true;
        if (order.Count > 0)
        {
            _progress[order.Path] = progress;
        }

        step?.Invoke("announced");
        foreach (ulong number in order.Count > 0 ? files.List() : [])
        {
            if (!_uncounted.Contains(number) && !progress.IsDone(number, files.StampOf(number))
                && TryRead(number, () => Overwrite(order, number)))
            {
                progress.Done(number, files.StampOf(number));
            }
        }

        if (_unread.Length > 0)
        {
            return new EraseOutcome(
                500, $"what could be read was erased: {_unread}", _overwritten, IsBegun: order.Count > 0);
        }

        if (!Tell(order, PayloadRecords.Done))
        {
            return new EraseOutcome(
                503, "erased; the chain cannot be written now, and says so once it can", _overwritten, order.Count > 0);
        }

        step?.Invoke("recorded");
        if (order.Count > 0)
        {
            File.Delete(order.Path);
            _progress.Remove(order.Path);
            DiskFiles.SyncFolder(files.Folder);
            step?.Invoke("ended");
        }

        return new EraseOutcome(200, TextOf(order, order.Count), _overwritten);
    }

    private bool Tell(ErasureOrder order, string outcome)
    {
        foreach (byte[] part in order.Encode(outcome, NowMs))
        {
            if (!record(part))
            {
                return false;
            }
        }

        return true;
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private ErasureOrder Count(ErasureOrder order, ulong number, long from)
    {
        byte[] file = File.ReadAllBytes(files.PathOf(number));
        int offset = (int)Math.Min(from, file.Length);
        for (; PayloadFiles.Next(file, ref offset) is { } head; offset += head.Length)
        {
            if (head.State == EntryState.Live && order.Takes(file.AsSpan(offset, head.Length), head))
            {
                if (order.Scope.IsOfExchanges)
                {
                    _found.Add((head.Lane, head.Number));
                }

                order = order.With(head);
            }
        }

        return order;
    }

    // One that is marked already is overwritten once more: the mark may have been the last thing that was done.
    private void Overwrite(ErasureOrder order, ulong number)
    {
        byte[] bytes = File.ReadAllBytes(files.PathOf(number));
        var found = new List<(int Offset, EntryHead Head)>();
        for (int offset = 0; PayloadFiles.Next(bytes, ref offset) is { } head; offset += head.Length)
        {
            if (head.State != EntryState.End && order.Takes(bytes.AsSpan(offset, head.Length), head))
            {
                found.Add((offset, head));
            }
        }

        if (found.Count == 0)
        {
            return;
        }

        using FileStream file = files.OpenWrite(number, isNew: false);
        foreach ((int offset, EntryHead head) in found)
        {
            file.Seek(offset + EntryHead.StateOffset, SeekOrigin.Begin);
            file.WriteByte((byte)EntryState.Erased);
            step?.Invoke("marked");
            file.Seek(offset + EntryHead.Bytes + head.ConsumerBytes, SeekOrigin.Begin);
            for (int left = head.BodyBytes; left > 0; left -= _zeros.Length)
            {
                file.Write(_zeros.AsSpan(0, Math.Min(left, _zeros.Length)));
            }

            step?.Invoke("overwritten");
        }

        file.Flush(flushToDisk: true);
        _overwritten += found.FindAll(static entry => entry.Head.State == EntryState.Live).Count;
        step?.Invoke("synced");
    }

    // Oldest first.
    private List<string> Pending()
    {
        List<string> paths = Directory.Exists(files.Folder)
            ? [.. Directory.EnumerateFiles(files.Folder, PendingPattern)] : [];
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    // A name of its own, behind all others.
    private string NextPath(List<string> pending)
    {
        int last = 0;
        foreach (string path in pending)
        {
            string name = Path.GetFileNameWithoutExtension(path);
            bool isNumber = int.TryParse(name.AsSpan(name.IndexOf('-', StringComparison.Ordinal) + 1),
                NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            last = isNumber ? Math.Max(last, number) : last;
        }

        return Path.Combine(files.Folder, string.Create(CultureInfo.InvariantCulture, $"erase-{last + 1:d9}.pending"));
    }

    // By way of another name: a crash leaves no half of it.
    private void WritePending(string path, string order)
    {
        string next = path + ".new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(order));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
        DiskFiles.SyncFolder(files.Folder);
    }
}
