using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Services.Health;

/// <summary>
/// Passive health: what happened to each request tells of its server, and one that fails too often is ejected for a
/// while. Good answers cost a few loads; only faults look further.
/// </summary>
internal static class FaultWatch
{
    /// <summary>An answer began: with this status, after so long. True if the server was ejected for it.</summary>
    /// <param name="note">For <see cref="NoteWhole"/> or <see cref="NoteCut"/>.</param>
    public static bool NoteAnswer(
        Service service, Server server, ServerLoad load, int status, long elapsedMs, long nowMs, ServerReports reports,
        out AnswerNote note)
    {
        note = new AnswerNote(IsCounted: true, IsFault: false, nowMs);
        if (service.Settings.PassiveHealth is not { } settings)
        {
            return false;
        }

        note = note with { IsFault = true };

        if (settings.Statuses.Contains(status))
        {
            return NoteFault(service, server, load, "its answers have a status that says so", nowMs, reports);
        }

        if (service.LatencyMaxMs > 0 && elapsedMs > service.LatencyMaxMs)
        {
            return NoteFault(service, server, load, "it is too slow", nowMs, reports);
        }

        load.Count(nowMs / service.WindowMs, isFault: false);
        note = note with { IsFault = false };
        server.Health.NoteGood(settings, nowMs);
        return false;
    }

    /// <summary>An answer whose head was noted came to its end.</summary>
    public static void NoteWhole(Server server, in AnswerNote note)
    {
        if (note is { IsCounted: true, IsFault: false })
        {
            server.Health.NoteWhole();
        }
    }

    /// <summary>No answer, or not a whole one. True if the server was ejected for it.</summary>
    public static bool NoteFault(
        Service service, Server server, ServerLoad load, string reason, long nowMs, ServerReports reports)
    {
        if (service.Settings.PassiveHealth is not { } settings)
        {
            return false;
        }

        load.Count(nowMs / service.WindowMs, isFault: true);
        return EjectIfOver(service, server, settings, server.Health.NoteFault(), reason, nowMs, reports);
    }

    /// <summary>
    /// An answer whose head was noted did not come to its end. True if the server was ejected for it.
    /// </summary>
    public static bool NoteCut(
        Service service, Server server, ServerLoad load, in AnswerNote note, string reason, long nowMs,
        ServerReports reports)
    {
        if (service.Settings.PassiveHealth is not { } settings || note.IsFault)
        {
            return false;
        }

        load.CountCut(note.AtMs / service.WindowMs, nowMs / service.WindowMs);
        int inARow = server.Health.NoteCut(settings, note.AtMs, nowMs);
        return EjectIfOver(service, server, settings, inARow, reason, nowMs, reports);
    }

    private static bool EjectIfOver(
        Service service, Server server, PassiveHealthSettings settings, int inARow, string reason, long nowMs,
        ServerReports reports)
    {
        bool isOver = settings.ConsecutiveFaults > 0 && inARow >= settings.ConsecutiveFaults;
        return (isOver || IsShareOver(server, settings, nowMs / service.WindowMs))
            && Eject(service, server, settings, reason, nowMs, reports);
    }

    private static bool IsShareOver(Server server, PassiveHealthSettings settings, long window)
    {
        if (settings.FaultShareMax == 0)
        {
            return false;
        }

        long requests = 0;
        long faults = 0;
        for (int loop = 0; loop < server.LoopCount; loop++)
        {
            // Another loop's figures may be a moment old: a threshold does not mind.
            (int ofRequests, int ofFaults) = server.Load(loop).Counted(window);
            requests += ofRequests;
            faults += ofFaults;
        }

        return requests >= settings.RequestsMin && faults * 100 > requests * settings.FaultShareMax;
    }

    private static bool Eject(
        Service service, Server server, PassiveHealthSettings settings, string reason, long nowMs,
        ServerReports reports)
    {
        // One loop at a time, or two could eject the last two servers at once. The other's next fault does it.
        if (!service.TryEnterEjection())
        {
            return false;
        }

        int ejected = 1;
        foreach (Server other in service.Servers)
        {
            ejected += other.Health.IsEjected(nowMs) ? 1 : 0;
        }

        bool isAllowed = !server.Health.IsEjected(nowMs)
            && ejected * 100 <= service.Servers.Length * settings.EjectedShareMax;
        if (isAllowed)
        {
            long ejectedForMs = server.Health.Eject(settings, nowMs);
            reports.Ejected(server, ejectedForMs, reason);
        }

        service.LeaveEjection();
        return isAllowed;
    }
}
