using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config.Tables;

/// <summary>[access_log]</summary>
internal static class AccessLogTable
{
    private const int FilesMax = 1_000;
    private static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);
    private static readonly TimeSpan RotateMin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RotateMax = TimeSpan.FromDays(366);

    private static readonly OutputKey Output = new("output",
        "Where lines go: stderr, a file, to the collector as log records, or nowhere.")
    {
        Default = null,
        DefaultToml = "\"off\"",
    };

    private static readonly ChoiceKey Format = new("format", ["json", "common", "combined"],
        "A JSON object, NCSA common, or common with Referer and User-Agent.")
    {
        Default = "json",
        DefaultToml = "\"json\"",
    };

    private static readonly StatusListKey Statuses = new("statuses",
        "Requests that end with one of these are told.")
    {
        Default = [],
        ExampleToml = "[\"404\", \"500-599\"]",
    };

    private static readonly DurationKey MinDuration = new("min_duration", TimeSpan.FromMilliseconds(1), DurationMax,
        "So are requests that take at least this long.")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0\"",
        ZeroMeans = "no reason",
    };

    private static readonly ShareKey Ratio = new("ratio",
        "The share of the others that is told. Without it: 1, or 0 if there are statuses or min_duration.")
    {
        ExampleToml = "0.01",
    };

    private static readonly ChoiceKey Query = new("query_values", ["redact", "keep", "drop"],
        "Values of a query are replaced by REDACTED, kept, or the query is left out.")
    {
        Default = "redact",
        DefaultToml = "\"redact\"",
    };

    private static readonly LoggedFieldsKey Headers = new("headers",
        "Request fields that are told. combined needs Referer and User-Agent, and has them without being asked.")
    {
        Default = [],
        ExampleToml = "[\"User-Agent\"]",
    };

    private static readonly LoggedFieldsKey HeadersRedacted = new("headers_redacted",
        "Request fields of which only is told that they are there.")
    {
        Default = [],
        ExampleToml = "[\"Authorization\"]",
    };

    private static readonly ChoiceListKey Dropped = new("dropped", DroppableNames(),
        "Members of a JSON line that are left out.")
    {
        Default = [],
        ExampleToml = "[\"client_port\", \"config\"]",
    };

    private static readonly SizeKey RotateBytes = new("rotate_bytes", 0, int.MaxValue,
        "A file that would grow beyond this is moved aside. 0: none is for its size.")
    {
        Default = 100 * 1024 * 1024,
        DefaultToml = "\"100MiB\"",
    };

    private static readonly DurationKey RotateAfter = new("rotate_after", RotateMin, RotateMax,
        "So is a file of this age. USR1 opens the file again, for a logrotate that moved it.")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0\"",
        ZeroMeans = "none for its age",
    };

    private static readonly IntegerKey FilesKept = new("files_kept", 0, FilesMax, "files",
        "Files that were moved aside and are kept; older ones are deleted.")
    {
        Default = 7,
        DefaultToml = "7",
    };

    public static TableDeclaration Declaration { get; } = new("access_log", IsNamed: false,
        "A line for each request that was answered. A slow file or collector costs lines, which are counted, never a "
            + "request's time.",
        [
            Output, Format, Statuses, MinDuration, Ratio, Query, Headers, HeadersRedacted, Dropped, RotateBytes,
            RotateAfter, FilesKept,
        ]);

    /// <summary>Null if there is none.</summary>
    /// <param name="hasCollector">Log records can be sent.</param>
    public static AccessLogSettings? Parse(TableScope scope, bool hasCollector)
    {
        LogPlace? place = Output.Read(scope);
        if (place?.Output == AccessLogOutput.Otlp && !hasCollector && scope.TryFind(Output.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Output.Name, "needs [telemetry.otlp] that sends logs");
        }

        AccessLogForm form = Format.Read(scope) switch
        {
            "common" => AccessLogForm.Common,
            "combined" => AccessLogForm.Combined,
            _ => AccessLogForm.Json,
        };
        var settings = new AccessLogSettings
        {
            Form = form,
            Statuses = scope.Count(Statuses) > 0 ? Statuses.ReadSet(scope, StatusSet.Empty) : null,
            MinDurationMs = (long)MinDuration.Read(scope).TotalMilliseconds,
            Query = Query.Read(scope) switch
            {
                "keep" => ValueTelling.Keep,
                "drop" => ValueTelling.Drop,
                _ => ValueTelling.Redact,
            },
            Fields = FieldsOf(scope, form),
            Dropped = PlacedItems.Values(Dropped.Read(scope)),
            RotateBytes = RotateBytes.Read(scope),
            RotateAfter = RotateAfter.Read(scope),
            FilesKept = FilesKept.ReadValue(scope),
        };
        double others = Ratio.Read(scope) ?? (settings.Statuses is null && settings.MinDurationMs == 0 ? 1 : 0);
        return place is { } where
            ? settings with
            {
                Output = where.Output,
                File = where.File,
                OtherLots = (ulong)(others * (1UL << 32)),
            }
            : null;
    }

    private static Sequence<LoggedField> FieldsOf(TableScope scope, AccessLogForm form)
    {
        var fields = new List<LoggedField>();
        foreach (Placed<FieldName> name in Headers.Read(scope) ?? [])
        {
            fields.Add(new LoggedField(name.Value, ValueTelling.Keep));
        }

        foreach (Placed<FieldName> name in HeadersRedacted.Read(scope) ?? [])
        {
            if (fields.Exists(field => field.Name.Equals(name.Value)))
            {
                scope.Report(name.Node, HeadersRedacted.Name, $"{name.Node.Describe()} stands in headers, too");
            }

            fields.Add(new LoggedField(name.Value, ValueTelling.Redact));
        }

        foreach (string name in form == AccessLogForm.Combined ? ["Referer", "User-Agent"] : (string[])[])
        {
            var field = FieldName.Of(name);
            if (!fields.Exists(known => known.Name.Equals(field)))
            {
                fields.Add(new LoggedField(field, ValueTelling.Keep));
            }
        }

        return new Sequence<LoggedField>(fields);
    }

    private static string[] DroppableNames()
    {
        var names = new List<string>();
        foreach (AccessLogLine.Members member in Enum.GetValues<AccessLogLine.Members>())
        {
            if (member is not (AccessLogLine.Members.None or AccessLogLine.Members.All))
            {
                names.Add(SnakeCase.Of(member.ToString()));
            }
        }

        return [.. names];
    }

    /// <param name="File">Empty unless it is one.</param>
    private readonly record struct LogPlace(AccessLogOutput Output, string File);

    private sealed class OutputKey(string name, string doc) : Key<LogPlace?>(name, doc)
    {
        private const int PathCharsMax = 4096; // PATH_MAX

        public override string TypeText => "output";

        public override string Accepts => "write " + Range;

        public override string Range => "\"off\", \"stderr\", \"otlp\" or a file, \"/var/log/edgeproxy/access.log\"";

        protected override bool TryParse(TomlNode node, TableScope scope, out LogPlace? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            bool isFile = text.StartsWith('/') && text.Length is > 1 and <= PathCharsMax && !text.Contains('\0');
            value = text switch
            {
                "stderr" => new LogPlace(AccessLogOutput.Stderr, ""),
                "otlp" => new LogPlace(AccessLogOutput.Otlp, ""),
                _ when isFile => new LogPlace(AccessLogOutput.File, text),
                _ => null,
            };
            return text == "off" || value is not null || RefuseText(node, text, scope, "is no place for lines");
        }
    }

    private sealed class LoggedFieldsKey(string name, string doc) : ListKey<FieldName>(name, doc)
    {
        // Of two lists, with what combined adds.
        private const int FieldsMax = (TelemetryLimits.FieldsMax / 2) - 1;

        public override string TypeText => "list of field names";

        public override string Accepts => "write " + Range;

        public override string Range => $"[\"User-Agent\"]; at most {FieldsMax}";

        protected override string? ParseItem(string text, [NotNullWhen(true)] out FieldName? item) =>
            FieldName.TryCreate(text, out item) ? null : "is not a field name";

        protected override bool TryParse(
            TomlNode node, TableScope scope, [MaybeNullWhen(false)] out IReadOnlyList<Placed<FieldName>> value) =>
            base.TryParse(node, scope, out value)
            && (value.Count <= FieldsMax || Refuse(node, scope, "has too many elements"));
    }
}
