using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Sse;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Sse;

public sealed class SseReaderTests
{
    [Theory]
    [InlineData("data: a\n\n", "a|")]
    [InlineData("data:a\r\n\r\n", "a|")]
    [InlineData("data:  a\r\rdata: b\r\r", " a|b|")]
    [InlineData("event: x\ndata: a\ndata: b\nid: 7\n\n", "a\nb|")]
    [InlineData(": comment\n\ndata\n\ndata:\ndata:\n\n", "||\n|")]
    [InlineData("data: a\n", "a")]
    [InlineData("database: a\ndat: b\n Data: c\n\n", "|")]
    [InlineData("\u00ef\u00bb\u00bfdata: a\n\n", "a|")]
    [InlineData("data: [DONE]\n\n\n", "[DONE]||")]
    [InlineData("data: a:b: c\n\n", "a:b: c|")]
    public void Next_Stream_FindsDataAndEvents(string stream, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(stream);

        Assert.Equal(expected, Read([bytes]));
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(expected, Read([bytes[..cut], bytes[cut..]]));
        }

        Assert.Equal(expected, Read(bytes.Select(value => new[] { value })));
    }

    private static string Read(IEnumerable<byte[]> pieces)
    {
        var text = new StringBuilder();
        var reader = default(SseReader);
        foreach (byte[] piece in pieces)
        {
            int at = 0;
            SseStep step;
            while ((step = reader.Next(piece, ref at, out var data)) != SseStep.NeedMore)
            {
                text.Append(step switch
                {
                    SseStep.Data => Encoding.Latin1.GetString(data),
                    SseStep.DataLine => "\n",
                    _ => "|",
                });
            }
        }

        return text.ToString();
    }
}
