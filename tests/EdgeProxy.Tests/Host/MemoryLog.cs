using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Tests.Host;

/// <summary>Keeps what is logged: level, event id, message.</summary>
internal sealed class MemoryLog : ILogger
{
    public List<(LogLevel Level, int EventId, string Message)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        Lines.Add((logLevel, eventId.Id, formatter(state, exception)));
}
