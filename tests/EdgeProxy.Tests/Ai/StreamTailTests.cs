using System;
using System.Text;
using EdgeProxy.Ai;
using Xunit;

namespace EdgeProxy.Tests.Ai;

/// <summary>Where a stream can be ended, and what its last event has to say, in whatever pieces it came.</summary>
public sealed class StreamTailTests
{
    [Theory]
    [InlineData(false, "", true)]
    [InlineData(false, "data: 1\n\n", true)]
    [InlineData(false, "data: 1\r\n\r\n", true)]
    [InlineData(false, "data: 1\r\r", true)]
    [InlineData(false, "data: 1\n", false)]
    [InlineData(false, "data: 1\r\n", false)]
    [InlineData(false, "data: 1\n\nd", false)]
    [InlineData(false, "data: 1\r\n\r\ndata: ", false)]
    [InlineData(true, "", true)]
    [InlineData(true, "{}\n", true)]
    [InlineData(true, "{}\n{", false)]
    public void IsWhole_ByTheLastBytes(bool isLines, string passed, bool isWhole)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(passed);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            var tail = new StreamTail(isLines);
            tail.Add(bytes.AsSpan(0, cut));
            tail.Add(bytes.AsSpan(cut));

            Assert.Equal(isWhole, tail.IsWhole);
        }
    }

    [Theory]
    [InlineData("", -1)]
    [InlineData("0+", 0)]
    [InlineData("0+ 0-", -1)]
    [InlineData("0+ 0- 1+", 1)]
    [InlineData("0+ 0- 1+ 1-", -1)]
    public void OpenBlock_IsTheOneThatBeganLast(string blocks, int open)
    {
        var stream = new StringBuilder("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n");
        foreach (string block in blocks.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string type = block[1] == '+' ? "content_block_start" : "content_block_stop";
            stream.Append($"data: {{\"index\":{block[0]},\"type\":\"{type}\"}}\n\n");
            stream.Append($"data: {{\"type\":\"content_block_delta\",\"index\":{block[0]},\"delta\":{{}}}}\n\n");
        }

        Assert.Equal(open, Read(stream.ToString()).OpenBlock);
    }

    [Fact]
    public void EventNumber_IsTheLastOnes() => Assert.Equal(7, Read(
        "data: {\"sequence_number\":6,\"item\":{\"sequence_number\":99}}\n\ndata: {\"x\":1,\"sequence_number\":7}\n\n")
        .EventNumber);

    private static UsageReader Read(string stream)
    {
        var reader = default(UsageReader);
        reader.Begin(AnswerForm.Events);
        reader.Take(Encoding.ASCII.GetBytes(stream));
        return reader;
    }
}
