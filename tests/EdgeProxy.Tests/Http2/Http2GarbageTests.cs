using System;
using System.Collections.Generic;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// Cases of the corpus, spoiled at random and joined: whatever comes, it ends, and all is given back.
/// </summary>
public sealed class Http2GarbageTests
{
    private const int Runs = 3_000;
    private const int IdleCount = 8;
    private const int TurnsMax = 8;
    private const int BytesMax = 20_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Garbage_Ends_AndLeavesNothing(int seed)
    {
        var random = new Random(seed);
        using var engine = new Engine(); // which asserts that nothing escaped
        var server = new ScriptedServer(engine);
        for (int run = 0; run < Runs; run++)
        {
            server.KeepIdle(IdleCount);
            byte[] bytes = Spoiled(random);
            int readMax = random.Next(4) == 0 ? 1 + random.Next(100) : int.MaxValue;
            var client = new Http2Client(engine, new MemoryLink { ReadMax = readMax }, isGreeting: random.Next(10) > 0);
            int cut = random.Next(bytes.Length + 1);
            client.Send(client.Write.Raw(bytes.AsSpan(0, cut)));
            client.Send(client.Write.Raw(bytes.AsSpan(cut)));
            if (random.Next(2) == 0)
            {
                engine.Turn();
            }

            _ = client.Frames; // what the proxy says is well-formed, whatever it was told
            if (random.Next(3) == 0)
            {
                client.Link.Break();
            }
            else
            {
                client.Link.FeedEnd();
            }

            for (int turn = 0; turn < TurnsMax && !client.Link.IsClosed; turn++)
            {
                engine.Turn();
            }

            string what = $"seed {seed}, run {run}: {Convert.ToHexString(bytes)}";
            Assert.True(client.Link.IsClosed, what);
            int left = engine.Shard.RentedCount + engine.Loop.Blocks.RentedCount + engine.Loop.Streams.RentedCount;
            Assert.True(left == 0, what);
        }
    }

    private static byte[] Spoiled(Random random)
    {
        var bytes = new List<byte>();
        for (int parts = 1 + random.Next(3); parts > 0; parts--)
        {
            byte[] part = Http2Case.All[random.Next(Http2Case.All.Count)].Bytes;
            bytes.AddRange(part.AsSpan(0, Math.Min(part.Length, BytesMax)));
        }

        for (int changes = random.Next(6); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(1 + random.Next(12), bytes.Count - at));
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(40), bytes.Count - at)));
                    break;
            }
        }

        return [.. bytes];
    }
}
