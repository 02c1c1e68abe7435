using System;
using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.compress]</summary>
internal static class CompressTable
{
    private static readonly string[] TypesDefault =
    [
        "text/*", "application/json", "application/*+json", "application/javascript", "application/xml",
        "application/*+xml", "application/wasm", "image/svg+xml", "font/ttf", "font/otf",
    ];

    private static readonly ChoiceListKey Encodings = new("encodings", ["br", "gzip"],
        "What answers may be coded in, the best first. What the client weighs higher comes before.")
    {
        NeedsItems = true, // none would do nothing
        DefaultToml = "[\"br\", \"gzip\"]",
    };

    private static readonly MediaRangeListKey Types = new("types",
        "Media types that are compressed; never text/event-stream or gRPC. An answer without a type is left alone.")
    {
        DefaultToml = $"[{string.Join(", ", Array.ConvertAll(TypesDefault, static type => $"\"{type}\""))}]",
    };

    private static readonly SizeKey BytesMin = new("bytes_min", 0, 1 << 20,
        "A shorter answer is left alone. One of unknown length is compressed.")
    {
        Default = CompressSettings.BytesMinDefault,
        DefaultToml = "\"1KiB\"",
    };

    private static readonly ChoiceKey Effort = new("effort", ["fast", "balanced", "best"],
        "How much CPU for how much less to send: gzip 1, 6, 9; br 1, 4, 9.")
    {
        Default = "balanced",
        DefaultToml = "\"balanced\"",
    };

    private static readonly IntegerKey Streams = new("streams_max", 1, CompressSettings.StreamsMax, "answers",
        "Answers compressed at once, some 300 KiB each with gzip, 1 MiB with br. Over it they pass as they are.")
    {
        Default = CompressSettings.StreamsDefault,
        DefaultToml = "64",
    };

    public static TableDeclaration Declaration { get; } = new("compress", IsNamed: false,
        "Answers in Brotli or gzip for clients that ask for it, unless they are coded already or say no-transform.",
        [Encodings, Types, BytesMin, Effort, Streams])
    {
        ExampleName = "smaller",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<Placed<string>>? encodings = Encodings.Read(scope);
        IReadOnlyList<Placed<MediaRange>>? types = Types.Read(scope);
        var codings = new List<ContentCoding>();
        foreach (Placed<string> encoding in encodings ?? [])
        {
            codings.Add(encoding.Value == "br" ? ContentCoding.Brotli : ContentCoding.Gzip);
        }

        if (encodings is null)
        {
            codings.AddRange([ContentCoding.Brotli, ContentCoding.Gzip]);
        }

        return new CompressSettings
        {
            Name = name,
            Encodings = new Sequence<ContentCoding>(codings),
            Types = types is null
                ? new Sequence<MediaRange>(Array.ConvertAll(TypesDefault, static type => MediaRange.Parse(type)!))
                : PlacedItems.Values(types),
            BytesMin = BytesMin.Read(scope),
            Effort = Effort.Read(scope) switch
            {
                "fast" => CompressionEffort.Fast,
                "best" => CompressionEffort.Best,
                _ => CompressionEffort.Balanced,
            },
            Streams = Streams.ReadValue(scope),
        };
    }

    private sealed class MediaRangeListKey(string name, string doc) : ListKey<MediaRange>(name, doc)
    {
        public override string TypeText => "list of media types";

        public override string Accepts => "write " + Range;

        public override string Range =>
            $"[\"text/*\", \"application/json\", \"application/*+json\"], 1 to {CompressSettings.TypesMax}";

        protected override bool IsRequiredToHaveItems => true;

        protected override string? ParseItem(string text, out MediaRange? item)
        {
            item = MediaRange.Parse(text);
            return item is null ? "is not a media type" : null;
        }
    }
}
