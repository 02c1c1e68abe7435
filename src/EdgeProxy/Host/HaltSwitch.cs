using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Config.History;
using EdgeProxy.Control;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// The kill switch: what an operator halted stays halted, over restarts, until it is released. Kept in a file of
/// node.state_dir, one halt a line: "all", "router NAME", "consumer NAME", "model NAME".
/// </summary>
/// <param name="isKnown">The configuration has something of that name.</param>
internal sealed class HaltSwitch(
    TimeProvider time, ILogger logger, Func<AuditLog?> audit, Func<HaltTarget, bool> isKnown)
{
    private const string OfNothing = "; the configuration has nothing of that name now";

    private const string FileName = "halted";
    private const int TargetsMax = 1024;
    private static readonly TimeSpan RecordWait = TimeSpan.FromSeconds(2);

    private readonly Lock _turn = new();
    private string? _path;

    /// <summary>What the loops ask.</summary>
    public HaltCell Cell { get; } = new();

    /// <summary>Has running exchanges looked at; set by the engine.</summary>
    public Action Sweep { get; set; } = static () => { };

    /// <summary>
    /// Takes what was halted before the restart; null, else why it cannot be known: then nothing may be served.
    /// </summary>
    public string? Open(NodeSettings node)
    {
        lock (_turn)
        {
            if (_path is not null)
            {
                return null; // read at start only
            }

            string path = Path.Combine(node.StateFolder, FileName);
            try
            {
                var targets = new List<HaltTarget>();
                foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
                {
                    if (ParseLine(line) is not { } target)
                    {
                        return $"{path}: '{line}' is no halt; mend or remove the file";
                    }

                    targets.Add(target);
                }

                Cell.Current = new HaltSet(targets);
                _path = path;
                if (targets.Count > 0)
                {
                    Log.StillHalted(logger, string.Join(", ", targets), null);
                }

                return null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return $"what is halted cannot be read: {exception.Message}";
            }
        }
    }

    /// <summary>
    /// Halts, at once and then for good, or releases, for good and then at once. What was done and not kept says so.
    /// </summary>
    public HaltOutcome Set(HaltTarget target, bool isHalt)
    {
        lock (_turn)
        {
            var targets = new List<HaltTarget>(Cell.Current.Targets);
            bool isIn = targets.Contains(target);
            if (isIn == isHalt)
            {
                return isHalt ? new HaltOutcome(200, $"{target} is halted already")
                    : new HaltOutcome(404, $"{target} is not halted");
            }

            if (isHalt && targets.Count == TargetsMax)
            {
                return new HaltOutcome(422, $"{TargetsMax} halts are the most there can be; halt all");
            }

            if (isHalt)
            {
                targets.Add(target);
                Cell.Current = new HaltSet(targets);
                Sweep();
            }
            else
            {
                targets.Remove(target);
            }

            string? problem = Keep(targets);
            if (!isHalt && problem is null)
            {
                Cell.Current = new HaltSet(targets);
            }

            return Tell(target, isHalt, problem);
        }
    }

    private HaltOutcome Tell(HaltTarget target, bool isHalt, string? problem)
    {
        string verb = isHalt ? "halt" : "release";
        string outcome = problem is null ? "done" : isHalt ? $"done, not kept: {problem}" : $"refused: {problem}";
        Log.Changed(logger, verb, target, outcome, null);
        audit()?.Record(
            OwnRecords.Encode(RecordKind.Admin, time.GetUtcNow().ToUnixTimeMilliseconds(),
                (RecordField.Cause, verb), (RecordField.Outcome, outcome), (RecordField.Changes, target.ToString())),
            RecordWait);
        return problem is null
            ? new HaltOutcome(200, !isHalt ? $"{target} is released"
                : isKnown(target) ? $"{target} is halted"
                : $"{target} is halted{OfNothing}")
            : new HaltOutcome(500, isHalt
                ? $"{target} is halted, but a restart would release it: {problem}"
                : $"{target} stays halted: {problem}");
    }

    // By way of another name: a crash leaves the old file or the new one.
    private string? Keep(List<HaltTarget> targets)
    {
        if (_path is null)
        {
            return "nothing is served yet";
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            var text = new StringBuilder();
            foreach (HaltTarget target in targets)
            {
                text.Append(CultureInfo.InvariantCulture, $"{target}\n");
            }

            StateFile.Write(_path, Encoding.UTF8.GetBytes(text.ToString()));
            return null;
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return exception.Message;
        }
    }

    private static HaltTarget? ParseLine(string line)
    {
        string[] words = line.Split(' ', 2);
        return words.Length == 2 ? HaltTarget.Parse(words[0], words[1])
            : line == "all" ? new HaltTarget(HaltKind.All, "") : null;
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, HaltTarget, string, Exception?> Changed =
            LoggerMessage.Define<string, HaltTarget, string>(LogLevel.Warning, EventIds.Halted,
                "{Verb} {Target}: {Outcome}");

        public static readonly Action<ILogger, string, Exception?> StillHalted =
            LoggerMessage.Define<string>(LogLevel.Warning, EventIds.StillHalted,
                "halted since before this start: {Targets}");
    }
}
