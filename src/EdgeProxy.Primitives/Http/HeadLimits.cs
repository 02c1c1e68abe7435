namespace EdgeProxy.Primitives.Http;

/// <summary>Limits of one message head and of its trailers. Over any of them the message is refused.</summary>
internal sealed record HeadLimits
{
    public const int HeadBytesDefault = 32 * 1024; // nginx: 4 large buffers of 8 KiB
    public const int HeadBytesMax = 1024 * 1024; // Traefik's default
    public const int FieldCountDefault = 100; // Kestrel, Apache
    public const int FieldCountMax = 1000;
    public const int TargetBytesDefault = 8 * 1024; // nginx, Kestrel
    public const int TargetBytesMax = 64 * 1024;
    public const int TrailerBytesDefault = 8 * 1024;
    public const int ChunkExtensionBytesDefault = 4 * 1024;

    public static HeadLimits Default { get; } = new();

    /// <summary>Whole head in bytes, first line and final empty line included; 1 KiB to 1 MiB. Over it: 431.</summary>
    public int HeadBytes { get; init; } = HeadBytesDefault;

    /// <summary>Field lines in a head or in a trailer section; 1 to 1000. Over it: 431.</summary>
    public int FieldCount { get; init; } = FieldCountDefault;

    /// <summary>Request target in bytes; 256 B to 64 KiB. Over it: 414.</summary>
    public int TargetBytes { get; init; } = TargetBytesDefault;

    /// <summary>Trailer section of one chunked message in bytes. Over it: 431.</summary>
    public int TrailerBytes { get; init; } = TrailerBytesDefault;

    /// <summary>
    /// Chunk extensions of one message in bytes, summed over its chunks (CVE-2025-55315). Over it: 400.
    /// </summary>
    public int ChunkExtensionBytes { get; init; } = ChunkExtensionBytesDefault;
}
