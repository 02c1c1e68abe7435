using System;
using System.Collections.Generic;
using System.IO;
using EdgeProxy.Config;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Logging;

/// <summary>
/// The proxy's own messages on stderr: text on a terminal, JSON otherwise, journald's priorities where it listens.
/// One per
/// process; level and form follow the settings in use.
/// </summary>
internal sealed class StderrLog : ILoggerFactory
{
    private readonly TimeProvider _time;
    private readonly bool _isTerminal;
    private readonly bool _withPriority;
    private readonly LogQueue _queue;
    private volatile LogForm _form;
    private volatile LogLevel _level = LogLevel.Information;

    public StderrLog(Stream stream, TimeProvider time, bool isTerminal, bool isJournal)
    {
        _time = time;
        _isTerminal = isTerminal;
        _withPriority = isJournal;
        _form = FormOf("auto");
        Lines = new SharedStream(stream);
        _queue = new LogQueue(Lines, DroppedLine);
    }

    /// <summary>Where lines go; others may write theirs to it.</summary>
    public Stream Lines { get; }

    /// <summary>Lines lost because stderr was not read.</summary>
    public long Dropped => _queue.Dropped;

    public static StderrLog Open(Shell shell) => new(
        shell.OpenLog(),
        shell.Time,
        shell.LogIsTerminal,
        shell.Variable("JOURNAL_STREAM") is { Length: > 0 });

    public void Follow(LogSettings settings)
    {
        _form = FormOf(settings.Format);
        _level = settings.Level switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        };
    }

    public ILogger CreateLogger(string categoryName)
    {
        const string house = "EdgeProxy.";
        return new Channel(this, categoryName.StartsWith(house, StringComparison.Ordinal)
            ? categoryName[house.Length..]
            : categoryName);
    }

    /// <summary>There is one place to log to, and it is this one.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() => _queue.Dispose();

    private LogForm FormOf(string format) => format switch
    {
        "text" => LogForm.Text,
        "json" => LogForm.Json,
        _ => _isTerminal ? LogForm.Text : LogForm.Json,
    };

    private byte[] Line(
        LogLevel level,
        string from,
        int eventId,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>>? values,
        Exception? exception)
    {
        var entry = new LogEntry
        {
            Time = _time.GetUtcNow(),
            Level = level,
            From = from,
            EventId = eventId,
            Message = message,
            Values = values,
            Exception = exception,
        };
        return LogLine.Write(entry, _form, _withPriority);
    }

    private byte[] DroppedLine(long count) => Line(
        LogLevel.Warning, "Host.Logging", 0, $"log: {count} messages lost, stderr was not read in time", null, null);

    private sealed class Channel(StderrLog log, string from) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log._level && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _ = log._queue.TryPut(log.Line(
                    logLevel,
                    from,
                    eventId.Id,
                    formatter(state, exception),
                    state as IReadOnlyList<KeyValuePair<string, object?>>,
                    exception));
            }
        }
    }
}
