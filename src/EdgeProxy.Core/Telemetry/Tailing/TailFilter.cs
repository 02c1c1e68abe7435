using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Telemetry.Tailing;

/// <summary>Which requests a viewer is told: those for which everything said here is so.</summary>
internal sealed record TailFilter
{
    /// <summary>A name of the configuration; null: any.</summary>
    public string? Router { get; init; }

    public string? Service { get; init; }

    public string? Consumer { get; init; }

    /// <summary>Null: any, also none.</summary>
    public StatusSet? Statuses { get; init; }

    /// <summary>Microseconds.</summary>
    public long MinDurationUs { get; init; }

    public bool Lets(in RequestRecord record) =>
        (Router is null || record.Router == Router)
        && (Service is null || record.Service == Service)
        && (Consumer is null || record.Consumer == Consumer)
        && (Statuses is null || Statuses.Contains(record.Status))
        && record.DurationUs >= MinDurationUs;

    /// <summary>
    /// Reads viewer=NAME and router, service, consumer, status (404,500-599), min_duration_ms of a query. Null, with
    /// the reason, if it says something else.
    /// </summary>
    public static TailFilter? Parse(string query, out string viewer, out string why)
    {
        var filter = new TailFilter();
        viewer = "";
        why = "";
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (name == "viewer")
            {
                viewer = value;
            }
            else if (Add(filter, name, value, out why) is { } next)
            {
                filter = next;
            }
            else
            {
                return null;
            }
        }

        if (viewer.Length is 0 or > TailLimits.ViewerCharsMax)
        {
            why = $"viewer is a name of 1 to {TailLimits.ViewerCharsMax} characters";
            return null;
        }

        return filter;
    }

    private static TailFilter? Add(TailFilter filter, string name, string value, out string why)
    {
        why = "";
        switch (name)
        {
            case "router":
                return filter with { Router = value };
            case "service":
                return filter with { Service = value };
            case "consumer":
                return filter with { Consumer = value };
            case "status":
                why = $"status is 404, 500-599 or several of those with commas, not '{value}'";
                return StatusesOf(value) is { } statuses ? filter with { Statuses = statuses } : null;
            case "min_duration_ms":
                why = $"min_duration_ms is a number up to {TailLimits.DurationMax.TotalMilliseconds}, not '{value}'";
                bool isGood = uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint duration)
                    && duration <= TailLimits.DurationMax.TotalMilliseconds;
                return isGood ? filter with { MinDurationUs = duration * 1000L } : null;
            default:
                why = $"'{name}' is none of viewer, router, service, consumer, status, min_duration_ms";
                return null;
        }
    }

    private static StatusSet? StatusesOf(string text)
    {
        var ranges = new List<StatusRange>();
        foreach (string part in text.Split(','))
        {
            if (!StatusRange.TryParse(part, out StatusRange range))
            {
                return null;
            }

            ranges.Add(range);
        }

        return new StatusSet(ranges);
    }
}
