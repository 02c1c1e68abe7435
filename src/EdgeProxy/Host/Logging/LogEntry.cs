using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Logging;

/// <summary>One message on its way to a line.</summary>
internal readonly struct LogEntry
{
    public required DateTimeOffset Time { get; init; }

    public required LogLevel Level { get; init; }

    /// <summary>The type that logs, without the leading "EdgeProxy.".</summary>
    public required string From { get; init; }

    public required int EventId { get; init; }

    public required string Message { get; init; }

    /// <summary>The named values of the message, "{OriginalFormat}" among them; null if it has none.</summary>
    public required IReadOnlyList<KeyValuePair<string, object?>>? Values { get; init; }

    public required Exception? Exception { get; init; }
}
