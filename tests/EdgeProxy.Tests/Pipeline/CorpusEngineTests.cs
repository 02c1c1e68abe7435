using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Tests.Primitives.Http;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// The attack corpus through the whole engine, in memory: whole, in two pieces cut at every byte, and byte by byte. It
/// ends as over sockets (RequestSmugglingTests). All runs of a case share an engine and its server connections, so that
/// whatever one leaves behind poisons the next.
/// </summary>
public sealed class CorpusEngineTests
{
    // More than the messages of any case.
    private const int IdleCount = 8;

    private const int TurnsMax = 64;

    // Over this a case is cut at every byte only if there is time (EDGEPROXY_LONG=1, some minutes): ten cases, of up to
    // 100 KiB each. Else at every byte near its ends and near our limits (8 and 32 KiB), and at every 61st.
    private const int EveryByteMax = 10_000;
    private const int Near = 300;
    private const int Stride = 61;

    private static readonly int[] s_limits = [0, 8 * 1024, 32 * 1024];
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1";

    public static TheoryData<string> Names => [.. Corpus.Requests.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Request_WholeAndCutAtEveryByte_HasItsExpectedEnd(string name)
    {
        CorpusCase item = Corpus.Request(name);
        using var run = new Run(item);

        for (int cut = 0; cut < item.Bytes.Length; cut++)
        {
            if (IsCut(cut, item.Bytes.Length))
            {
                run.Check($"cut at {cut}", new MemoryLink(), item.Bytes.AsSpan(0, cut), item.Bytes.AsSpan(cut));
            }
        }

        run.Check("byte by byte", new MemoryLink { ReadMax = 1 }, item.Bytes, default);
    }

    private static bool IsCut(int at, int length) =>
        s_isLong || length <= EveryByteMax || at % Stride == 0 || length - at < Near
        || s_limits.Any(limit => Math.Abs(limit - at) < Near);

    private sealed class Run : IDisposable
    {
        private readonly Engine _engine = new();
        private readonly ScriptedServer _server;
        private readonly CorpusCase _case;
        private readonly string _statuses;
        private readonly int _forwarded;
        private readonly bool _isIncomplete;
        private readonly bool _mayHaveHeads;

        public Run(CorpusCase item)
        {
            _case = item;
            _server = new ScriptedServer(_engine);
            _statuses = string.Join(' ', item.Expect.Select(StatusOf).Where(status => status != 0));
            _forwarded = item.Expect.Count(step => step.StartsWith("forward", StringComparison.Ordinal));
            _isIncomplete = item.Expect.Contains("incomplete");
            _mayHaveHeads = _isIncomplete
                || item.Expect.Any(step => step.StartsWith("reject_body", StringComparison.Ordinal));
            Assert.True(_forwarded < IdleCount);
        }

        public void Check(string how, MemoryLink client, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
        {
            _server.Heads.Clear();
            _server.Whole.Clear();
            _server.KeepIdle(IdleCount);
            _engine.Accept(client);
            Feed(client, first);
            Feed(client, second);
            client.FeedEnd();
            for (int turn = 0; turn < TurnsMax && !client.IsClosed; turn++)
            {
                _engine.Turn(); // a body of many pieces lets others go first
            }

            Assert.True(client.IsClosed, $"{how}: not over");
            Assert.True(_engine.Shard.RentedCount == 0 && _engine.Loop.Blocks.RentedCount == 0, $"{how}: all is not back");
            Assert.True(_server.Whole.Count == _forwarded, $"{how}: {_server.Whole.Count} of {_forwarded} forwarded");
            Assert.True(_mayHaveHeads || _server.Heads.Count == _forwarded, $"{how}: {_server.Heads.Count} heads");
            string statuses = string.Join(' ', Statuses(client.WrittenText));
            Assert.True(_isIncomplete || statuses == _statuses, $"{how}: {statuses} in place of {_statuses}");
            for (int i = 0; i < Math.Min(_forwarded, _case.Paths.Length); i++)
            {
                string path = _server.Whole[i].Split(' ')[1].Split('?')[0];
                Assert.True(_case.Paths[i] == "@long" || _case.Paths[i] == path, $"{how}: {path}");
            }
        }

        public void Dispose() => _engine.Dispose();

        private static void Feed(MemoryLink client, ReadOnlySpan<byte> bytes)
        {
            if (!bytes.IsEmpty)
            {
                client.Feed(bytes);
            }
        }

        // Final answers, each with as much of a body as it says.
        private static IEnumerable<int> Statuses(string text)
        {
            while (text.Length > 0)
            {
                int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
                WireHead head = WireHead.Parse(text[..end]);
                int status = int.Parse(head.StartLine.AsSpan("HTTP/1.1 ".Length, 3));
                if (status >= 200)
                {
                    yield return status;
                    end += (int)(head.ContentLength ?? 0);
                }

                text = text[Math.Min(end, text.Length)..];
            }
        }

        private static int StatusOf(string step) => step switch
        {
            "forward" or "forward_canonical" => 200,
            "incomplete" => 0,
            _ => int.Parse(step.AsSpan(step.IndexOf(' ', StringComparison.Ordinal) + 1)),
        };
    }
}
