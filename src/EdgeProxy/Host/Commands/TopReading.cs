using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Host.Commands;

/// <summary>What a row of <c>top</c> is of.</summary>
internal enum TopKind : byte
{
    Router,
    Service,
    Server,
}

/// <summary>Requests or tries counted so far, by duration; or those between two readings.</summary>
internal sealed class TopCounts
{
    /// <summary>Upper bounds in seconds, and how many took at most so long.</summary>
    public SortedDictionary<double, double> Buckets { get; } = [];

    public double Count { get; set; }

    /// <summary>5xx, or no answer.</summary>
    public double Errors { get; set; }

    /// <summary>What came since <paramref name="before"/>; null: since the start.</summary>
    public TopCounts Since(TopCounts? before)
    {
        // A proxy that was started again counts from 0.
        TopCounts? from = before is not null && before.Count <= Count ? before : null;
        var difference = new TopCounts { Count = Count - (from?.Count ?? 0), Errors = Errors - (from?.Errors ?? 0) };
        foreach ((double bound, double count) in Buckets)
        {
            difference.Buckets[bound] = count - (from?.Buckets.GetValueOrDefault(bound) ?? 0);
        }

        return difference;
    }

    /// <summary>Seconds, within a bucket by its share, as histogram_quantile does; NaN without requests.</summary>
    public double Quantile(double share)
    {
        double rank = share * Count;
        double lower = 0;
        double below = 0;
        foreach ((double bound, double count) in Buckets)
        {
            if (count >= rank && count > 0)
            {
                // Of the last bucket only its lower end is known.
                return double.IsInfinity(bound) ? lower : lower + ((bound - lower) * (rank - below) / (count - below));
            }

            (lower, below) = (bound, count);
        }

        return double.NaN;
    }
}

/// <summary>What <c>top</c> takes from an answer to /metrics (text format 0.0.4).</summary>
internal sealed class TopReading
{
    private const string Requests = "http_server_request_duration_seconds_";
    private const string Tries = "http_client_request_duration_seconds_";

    public Dictionary<(TopKind Kind, string Name), TopCounts> Rows { get; } = [];

    /// <summary>Series without labels.</summary>
    public Dictionary<string, double> Numbers { get; } = [];

    /// <summary>Servers that get no requests.</summary>
    public HashSet<string> Down { get; } = [];

    public static TopReading Parse(string text)
    {
        var reading = new TopReading();
        foreach (string line in text.Split('\n'))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                reading.Add(line);
            }
        }

        return reading;
    }

    private void Add(string line)
    {
        int space = line.LastIndexOf(' ');
        if (space < 0 || !double.TryParse(
            line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            return;
        }

        int brace = line.IndexOf('{', StringComparison.Ordinal);
        string name = line[..(brace < 0 ? space : brace)];
        if (brace < 0)
        {
            Numbers[name] = value;
            return;
        }

        bool isOfServer = name == "edgeproxy_server_up";
        if (!isOfServer && !name.StartsWith(Requests, StringComparison.Ordinal)
            && !name.StartsWith(Tries, StringComparison.Ordinal))
        {
            return;
        }

        Dictionary<string, string> labels = LabelsOf(line.AsSpan(brace + 1, space - brace - 1));
        if (!isOfServer)
        {
            AddDuration(name, labels, value);
        }
        else if (value == 0)
        {
            Down.Add($"{labels.GetValueOrDefault("service")} {labels.GetValueOrDefault("server")}");
        }
    }

    private void AddDuration(string name, Dictionary<string, string> labels, double value)
    {
        bool isTry = name.StartsWith(Tries, StringComparison.Ordinal);
        string part = name[(isTry ? Tries : Requests).Length..];
        if (!isTry)
        {
            Count(TopKind.Router, labels.GetValueOrDefault("http_route", "(none)"), part, labels, value);
            return;
        }

        string service = labels.GetValueOrDefault("edgeproxy_service", "");
        string host = labels.GetValueOrDefault("server_address", "");
        string address = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        Count(TopKind.Service, service, part, labels, value);
        Count(TopKind.Server, $"{service} {address}:{labels.GetValueOrDefault("server_port")}", part, labels, value);
    }

    private void Count(TopKind kind, string name, string part, Dictionary<string, string> labels, double value)
    {
        if (!Rows.TryGetValue((kind, name), out TopCounts? counts))
        {
            Rows.Add((kind, name), counts = new TopCounts());
        }

        if (part == "count")
        {
            counts.Count += value;
            bool isError = labels.GetValueOrDefault("edgeproxy_status_class") == "5xx"
                || labels.GetValueOrDefault("error_type", "").Length > 0;
            counts.Errors += isError ? value : 0;
        }
        else if (part == "bucket")
        {
            string bound = labels.GetValueOrDefault("le", "+Inf");
            double seconds = bound == "+Inf"
                ? double.PositiveInfinity
                : double.Parse(bound, CultureInfo.InvariantCulture);
            counts.Buckets[seconds] = counts.Buckets.GetValueOrDefault(seconds) + value;
        }
    }

    // name="value",... up to the brace; a value escapes \, " and the line feed.
    private static Dictionary<string, string> LabelsOf(ReadOnlySpan<char> text)
    {
        var labels = new Dictionary<string, string>();
        int at = 0;
        while (at < text.Length && text[at] != '}')
        {
            int equals = text[at..].IndexOf("=\"");
            if (equals < 0)
            {
                break;
            }

            string name = text.Slice(at, equals).ToString();
            at += equals + 2;
            var value = new StringBuilder();
            while (at < text.Length && text[at] != '"')
            {
                bool isEscape = text[at] == '\\' && at + 1 < text.Length;
                at += isEscape ? 1 : 0;
                value.Append(isEscape && text[at] == 'n' ? '\n' : text[at]);
                at++;
            }

            labels[name] = value.ToString();
            at += at + 1 < text.Length && text[at + 1] == ',' ? 2 : 1;
        }

        return labels;
    }
}
