using System;
using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class UsageStripTests : IDisposable
{
    private readonly BlockPool _blocks = new();
    private readonly HeldBody _output = new();

    public UsageStripTests() => _output.Bind(_blocks, budget: null);

    [Theory]
    [InlineData("\n")]
    [InlineData("\r")]
    [InlineData("\r\n")]
    public void Take_UsageOfEachEvent_IsTakenOutWhateverEndsLines(string end)
    {
        string stream = Event("{\"choices\":[{\"delta\":{}}],\"usage\":null}", end)
            + Event("{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}", end)
            + Event("{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}", end)
            + Event("[DONE]", end);
        string expected = Event("{\"choices\":[{\"delta\":{}}]}", end)
            + Event("{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", end)
            + Event("[DONE]", end);
        byte[] bytes = Encoding.ASCII.GetBytes(stream);

        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(expected, Strip(bytes.AsSpan(0, cut), bytes.AsSpan(cut)));
        }
    }

    public void Dispose()
    {
        _output.Release();
        Assert.Equal(0, _blocks.RentedCount);
        _blocks.Dispose();
    }

    private static string Event(string data, string end) => $"data: {data}{end}{end}";

    private string Strip(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var strip = new UsageStrip(new AiLoop(new BodyBudget(), new PlanBook(TimeProvider.System, Assert.Fail)));
        _output.Clear();
        strip.Begin(_output);
        strip.Take(first, _output);
        strip.Take(second, _output);
        strip.TakeEnd(_output);
        return Encoding.ASCII.GetString(_output.Bytes);
    }
}
