using System;
using System.IO;
using System.IO.Compression;
using EdgeProxy.Telemetry.Otlp;
using Xunit;

namespace EdgeProxy.Tests.Telemetry.Otlp;

public sealed class BatchStoreTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(OtlpLimits.BytesAtATime)]
    [InlineData(OtlpLimits.BytesAtATime + 1)]
    [InlineData(3 * OtlpLimits.BytesAtATime)]
    [InlineData((5 * OtlpLimits.BytesAtATime) + 77)]
    public void Compress_InPiecesOrNot_IsTheSameContent(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        Assert.Equal(bytes, Expand(bytes, isHurried: false));
        Assert.Equal(bytes, Expand(bytes, isHurried: true));
    }

    private static byte[] Expand(byte[] bytes, bool isHurried)
    {
        using var compressed = new MemoryStream();
        BatchStore.Compress(bytes, compressed, isHurried);
        compressed.Position = 0;
        using var expanded = new MemoryStream();
        using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
        gzip.CopyTo(expanded);
        return expanded.ToArray();
    }
}
