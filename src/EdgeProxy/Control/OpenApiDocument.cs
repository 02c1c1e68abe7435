using System;
using System.IO;

namespace EdgeProxy.Control;

/// <summary>The admin API in OpenAPI 3.1, openapi.json beside this file; a test holds it against the answers.</summary>
internal static class OpenApiDocument
{
    private const string Name = "openapi.json";

    public static ReadOnlyMemory<byte> Text { get; } = Read();

    private static byte[] Read()
    {
        using Stream stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
