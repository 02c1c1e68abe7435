using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What came of an erasure.</summary>
/// <param name="Status">As an HTTP status.</param>
/// <param name="Count">Payloads that were erased.</param>
/// <param name="IsBegun">It is not at its end: tried again, unless another takes its place.</param>
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
    private const string PendingName = "erase.pending";

    /// <summary>In the place of a consumer: of exchanges nobody was known in.</summary>
    public const string Anonymous = "";

    private readonly byte[] _zeros = new byte[64 * 1024];

    private readonly HashSet<(ulong Lane, ulong Number)> _found = []; // of those asked for, what has a payload
    private string _unread = ""; // the last file of a round that could not be read, and why
    private long _overwritten; // of a round, what was not before

    private string PendingPath => Path.Combine(files.Folder, PendingName);

    /// <summary>A process died during an erasure.</summary>
    public bool HasPending => File.Exists(PendingPath);

    /// <summary>Null if a name can be a consumer's here.</summary>
    public static string? ProblemOf(string consumer) =>
        consumer.Length == 0 || Encoding.UTF8.GetByteCount(consumer) > byte.MaxValue
            || consumer.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? "is no name of a consumer" : null;

    /// <param name="beforeMs">Payloads of earlier exchanges go; in milliseconds since 1970.</param>
    /// <param name="by">Who asked.</param>
    public EraseOutcome Erase(EraseScope scope, long beforeMs, string by)
    {
        var order = new Order(scope, beforeMs, by, 0, 0, 0);
        _unread = "";
        _overwritten = 0;
        _found.Clear();
        foreach (ulong number in files.List())
        {
            order = Read(number, order, Count);
        }

        step?.Invoke("counted");
        if (order.Count == 0 && _unread.Length > 0)
        {
            return new EraseOutcome(500, $"nothing was erased: {_unread}");
        }

        if (order.Count == 0 && scope.IsOfExchanges)
        {
            return new EraseOutcome(200, $"0 payloads of {scope.Whose} erased"); // one id may have any number of them
        }

        string? replaced = null;
        if (order.Count > 0)
        {
            order = scope.IsOfExchanges ? OfFound(order) : order;
            replaced = HasPending ? File.ReadAllText(PendingPath) : null;
            WritePending(order.ToText());
            step?.Invoke("kept");
        }

        return Run(order, isResumed: false, replaced);
    }

    // A file that cannot be read now may have others of them, and is tried again: they come behind what is counted.
    private Order OfFound(Order order)
    {
        List<(ulong Lane, ulong Number)> exchanges = [.. _found];
        foreach ((ulong Lane, ulong Number) one in _unread.Length > 0 ? order.Scope.Exchanges! : [])
        {
            if (!_found.Contains(one))
            {
                exchanges.Add(one);
            }
        }

        return order with
        {
            Scope = new EraseScope(order.Scope.Consumer, order.Scope.RequestId, exchanges),
            Count = _found.Count,
        };
    }

    /// <summary>Ends what a process that died began; null if there is nothing.</summary>
    public EraseOutcome? Resume()
    {
        _unread = "";
        _overwritten = 0;
        return HasPending && Order.Parse(File.ReadAllText(PendingPath)) is { } order
            ? Run(order, isResumed: true)
            : null;
    }

    // A file that cannot be read does not keep the others.
    private Order Read(ulong number, Order order, Func<Order, ulong, Order> what)
    {
        try
        {
            return what(order, number);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _unread = $"{Path.GetFileName(files.PathOf(number))} cannot be read: {exception.Message}";
            return order;
        }
    }

    // What is not announced is not begun: the one whose place it took has it again.
    private EraseOutcome Run(Order order, bool isResumed, string? replaced = null)
    {
        if (!Tell(order, PayloadRecords.Begun))
        {
            if (replaced is not null)
            {
                WritePending(replaced);
            }
            else if (order.Count > 0 && !isResumed)
            {
                File.Delete(PendingPath);
            }

            return new EraseOutcome(503, "the chain cannot be written now: nothing was erased", 0, isResumed);
        }

        step?.Invoke("announced");
        foreach (ulong number in order.Count > 0 ? files.List() : [])
        {
            Read(number, order, Overwrite);
        }

        if (_unread.Length > 0)
        {
            return new EraseOutcome(
                500, $"what could be read was erased: {_unread}", _overwritten, IsBegun: order.Count > 0);
        }

        if (!Tell(order, PayloadRecords.Done))
        {
            return new EraseOutcome(
                503, "erased; the chain cannot be written now, and says so once it can", order.Count, order.Count > 0);
        }

        step?.Invoke("recorded");
        if (order.Count > 0)
        {
            File.Delete(PendingPath);
            DiskFiles.SyncFolder(files.Folder);
            step?.Invoke("ended");
        }

        return new EraseOutcome(200, $"{order.Count} payloads of {order.Scope.Whose} erased", order.Count);
    }

    private bool Tell(Order order, string outcome)
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

    private Order Count(Order order, ulong number)
    {
        byte[] file = File.ReadAllBytes(files.PathOf(number));
        for (int offset = 0; PayloadFiles.Next(file, ref offset) is { } head; offset += head.Length)
        {
            if (head.State == EntryState.Live && order.Takes(file.AsSpan(offset, head.Length), head))
            {
                if (order.Scope.IsOfExchanges)
                {
                    _found.Add((head.Lane, head.Number));
                }

                order = order with
                {
                    Count = order.Count + 1,
                    FirstMs = order.Count == 0 ? head.UnixMs : Math.Min(order.FirstMs, head.UnixMs),
                    LastMs = Math.Max(order.LastMs, head.UnixMs),
                };
            }
        }

        return order;
    }

    // One that is marked already is overwritten once more: the mark may have been the last thing that was done.
    private Order Overwrite(Order order, ulong number)
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
            return order;
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
        return order;
    }

    // By way of another name: a crash leaves no half of it.
    private void WritePending(string order)
    {
        string next = PendingPath + ".new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(order));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, PendingPath, overwrite: true);
        DiskFiles.SyncFolder(files.Folder);
    }

    // Of exchanges the first ones are those that were found, as many as Count says.
    private sealed record Order(EraseScope Scope, long BeforeMs, string By, long Count, long FirstMs, long LastMs)
    {
        public bool Takes(ReadOnlySpan<byte> entry, in EntryHead head) =>
            Scope.Covers(head.Lane, head.Number, PayloadFiles.ConsumerOf(entry, head), head.UnixMs < BeforeMs);

        // A line each; those of exchanges have two more.
        public string ToText() => string.Create(
            CultureInfo.InvariantCulture, $"{BeforeMs}\n{Count}\n{FirstMs}\n{LastMs}\n{By}\n{Scope.Consumer}")
            + (Scope.IsOfExchanges
                ? $"\n{Convert.ToHexStringLower(EraseScope.Write([.. Scope.Exchanges!]))}\n{Scope.RequestId}"
                : "");

        public static Order? Parse(string text)
        {
            string[] lines = text.Split('\n', 8);
            var scope = new EraseScope(lines.Length > 5 ? lines[5] : "");
            if (lines.Length == 8)
            {
                byte[] exchanges = new byte[lines[6].Length / 2];
                if (Convert.FromHexString(lines[6], exchanges, out _, out int length) != OperationStatus.Done)
                {
                    return null;
                }

                scope = new EraseScope(scope.Consumer, lines[7], EraseScope.Read(exchanges.AsSpan(0, length)));
            }

            return lines.Length is 6 or 8 && long.TryParse(lines[0], CultureInfo.InvariantCulture, out long before)
                && long.TryParse(lines[1], CultureInfo.InvariantCulture, out long count)
                && long.TryParse(lines[2], CultureInfo.InvariantCulture, out long first)
                && long.TryParse(lines[3], CultureInfo.InvariantCulture, out long last)
                ? new Order(scope, before, lines[4], count, first, last)
                : null;
        }

        public IEnumerable<byte[]> Encode(string outcome, long nowMs)
        {
            if (!Scope.IsOfExchanges)
            {
                yield return OwnRecords.Encode(RecordKind.Erasure, nowMs,
                    (RecordField.Consumer, Scope.Consumer), (RecordField.Cause, "erase"),
                    (RecordField.Outcome, outcome), (RecordField.By, By), (RecordField.FromMs, FirstMs),
                    (RecordField.ToMs, LastMs), (RecordField.BeforeMs, BeforeMs), (RecordField.ErasedCount, Count));
                yield break;
            }

            (ulong Lane, ulong Number)[] all = [.. Scope.Exchanges!];
            for (int from = 0; from < all.Length; from += EraseScope.OfRecordMax)
            {
                (ulong Lane, ulong Number)[] part = all[from..Math.Min(all.Length, from + EraseScope.OfRecordMax)];
                yield return OwnRecords.Encode(RecordKind.Erasure, nowMs,
                    (RecordField.RequestId, Scope.RequestId), (RecordField.Cause, "erase"),
                    (RecordField.Outcome, outcome), (RecordField.By, By), (RecordField.FromMs, FirstMs),
                    (RecordField.ToMs, LastMs), (RecordField.BeforeMs, BeforeMs),
                    (RecordField.ErasedCount, Math.Clamp(Count - from, 0, part.Length)),
                    (RecordField.OfExchanges, EraseScope.Write(part)));
            }
        }
    }
}
