using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// One erasure: what goes, how many were found, and, in a file of the folder, where it can be taken up again. Of
/// exchanges the first ones are those that were found, as many as Count says.
/// </summary>
/// <param name="BeforeMs">Of earlier exchanges; in milliseconds since 1970, as FirstMs and LastMs.</param>
/// <param name="By">Who asked.</param>
internal sealed record ErasureOrder(
    EraseScope Scope, long BeforeMs, string By, long Count = 0, long FirstMs = 0, long LastMs = 0)
{
    private const int Lines = 9;
    private const int LinesBefore = 8; // of earlier versions: 6, or 8 of exchanges

    /// <summary>The file it is kept in; "" until it is.</summary>
    public string Path { get; init; } = "";

    /// <summary>Number of the last payload file that was there when it was counted.</summary>
    public ulong CountedTo { get; init; } = ulong.MaxValue;

    /// <summary>Of those up to there, the ones that could not be read: what they have is not counted yet.</summary>
    public IReadOnlyList<ulong> Uncounted { get; init; } = [];

    public bool IsCounted(ulong file) => file <= CountedTo && !Contains(Uncounted, file);

    public bool Takes(ReadOnlySpan<byte> entry, in EntryHead head) =>
        Scope.Covers(head.Lane, head.Number, PayloadFiles.ConsumerOf(entry, head), head.UnixMs < BeforeMs);

    /// <summary>One more was found.</summary>
    public ErasureOrder With(in EntryHead head) => this with
    {
        Count = Count + 1,
        FirstMs = Count == 0 ? head.UnixMs : Math.Min(FirstMs, head.UnixMs),
        LastMs = Math.Max(LastMs, head.UnixMs),
    };

    /// <summary>Exchanges that were found stand in front, those found now behind those found before.</summary>
    /// <param name="isWhole">All files were read: the others have nothing.</param>
    public ErasureOrder WithFound(HashSet<(ulong Lane, ulong Number)> found, long countBefore, bool isWhole)
    {
        List<(ulong Lane, ulong Number)> exchanges = [];
        List<(ulong Lane, ulong Number)> others = [];
        foreach ((ulong Lane, ulong Number) one in Scope.Exchanges!)
        {
            (exchanges.Count < countBefore || found.Contains(one) ? exchanges : others).Add(one);
        }

        exchanges.AddRange(isWhole ? [] : others);
        return this with
        {
            Scope = new EraseScope(Scope.Consumer, Scope.RequestId, exchanges),
            Count = countBefore + found.Count,
        };
    }

    /// <summary>A line each.</summary>
    public string ToText() => string.Create(
        CultureInfo.InvariantCulture, $"{BeforeMs}\n{Count}\n{FirstMs}\n{LastMs}\n{By}\n{Scope.Consumer}\n")
        + (Scope.IsOfExchanges ? Convert.ToHexStringLower(EraseScope.Write([.. Scope.Exchanges!])) : "")
        + $"\n{Scope.RequestId}\n"
        + string.Create(CultureInfo.InvariantCulture, $"{CountedTo} {string.Join(' ', Uncounted)}");

    /// <summary>Null if the text is none.</summary>
    public static ErasureOrder? Parse(string text)
    {
        string[] lines = text.Split('\n', Lines);
        var scope = new EraseScope(lines.Length > 5 ? lines[5] : "");
        if (lines.Length >= LinesBefore && lines[7].Length > 0)
        {
            byte[] exchanges = new byte[lines[6].Length / 2];
            if (Convert.FromHexString(lines[6], exchanges, out _, out int length) != OperationStatus.Done)
            {
                return null;
            }

            scope = new EraseScope(scope.Consumer, lines[7], EraseScope.Read(exchanges.AsSpan(0, length)));
        }

        return lines.Length is 6 or LinesBefore or Lines
            && long.TryParse(lines[0], CultureInfo.InvariantCulture, out long before)
            && long.TryParse(lines[1], CultureInfo.InvariantCulture, out long count)
            && long.TryParse(lines[2], CultureInfo.InvariantCulture, out long first)
            && long.TryParse(lines[3], CultureInfo.InvariantCulture, out long last)
            ? new ErasureOrder(scope, before, lines[4], count, first, last)
                .Counted(lines.Length == Lines ? lines[8] : "")
            : null;
    }

    /// <summary>The records that say so, of an outcome.</summary>
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

    // Numbers, apart by spaces; what is none is left out. An earlier version counted once.
    private ErasureOrder Counted(string line)
    {
        List<ulong> numbers = [];
        foreach (string part in line.Split(' '))
        {
            if (ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            {
                numbers.Add(number);
            }
        }

        return numbers.Count == 0 ? this : this with { CountedTo = numbers[0], Uncounted = numbers[1..] };
    }

    private static bool Contains(IReadOnlyList<ulong> numbers, ulong number)
    {
        foreach (ulong one in numbers)
        {
            if (one == number)
            {
                return true;
            }
        }

        return false;
    }
}
