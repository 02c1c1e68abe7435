using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class CorpusTests
{
    private static readonly string[] Forwarded = ["forward", "forward_canonical"];

    // Over this many bytes a case is split at every 61st byte, and around each of its line ends.
    private const int EveryByteMax = 1024;
    private const int Stride = 61;

    public static TheoryData<string> RequestNames => [.. Corpus.Requests.Select(item => item.Name)];

    public static TheoryData<string> ResponseNames => [.. Corpus.Responses.Select(item => item.Name)];

    [Fact]
    public void Corpus_HasTheCasesTheIssueAsksFor()
    {
        Assert.True(Corpus.Requests.Count >= 160, $"{Corpus.Requests.Count} request cases");
        Assert.True(Corpus.Responses.Count >= 60, $"{Corpus.Responses.Count} response cases");
        Assert.All(Corpus.Requests, item => Assert.True(item.Expect.Length >= 1));
    }

    [Fact]
    public void Corpus_EveryReason_IsMetByACase()
    {
        HashSet<RejectReason> met = [.. Corpus.Requests.Concat(Corpus.Responses).Select(item => item.Reason)];

        // A head never hands on such a path; CanonicalPathTests names it.
        met.Add(RejectReason.PathFormInvalid);

        // A router's limit, not a reader's; BodyLimitTests names it.
        met.Add(RejectReason.BodyTooLarge);

        // What TLS was made for is nothing a reader knows; TlsTests names it.
        met.Add(RejectReason.HostMisdirected);

        Assert.Empty(Enum.GetValues<RejectReason>().Except(met));
    }

    [Theory]
    [MemberData(nameof(RequestNames))]
    public void Request_Whole_GetsTheExpectedAnswer(string name)
    {
        CorpusCase item = Corpus.Request(name);

        Outcome outcome = Peer.Requests(item.Bytes);

        Assert.Equal(Plain(item.Expect), outcome.Steps);
        Assert.Equal(item.Reason, outcome.Reason);
        if (item.Paths is not (["@long"] or []))
        {
            Assert.Equal(string.Join(' ', item.Paths), outcome.Paths);
        }
    }

    [Theory]
    [MemberData(nameof(RequestNames))]
    public void Request_SplitAnywhere_GetsTheSameAnswer(string name)
    {
        CorpusCase item = Corpus.Request(name);
        Outcome whole = Peer.Requests(item.Bytes);

        foreach (int cut in Cuts(item.Bytes))
        {
            Assert.Equal(whole, Peer.Requests(item.Bytes[..cut], item.Bytes[cut..]));
        }

        Assert.Equal(whole, Peer.Requests(Pieces(item.Bytes)));
    }

    [Theory]
    [MemberData(nameof(ResponseNames))]
    public void Response_Whole_GetsTheExpectedAnswer(string name)
    {
        CorpusCase item = Corpus.Response(name);

        Outcome outcome = Peer.Response(Enum.Parse<Method>(item.Method, ignoreCase: true), item.Bytes);

        Assert.Equal(Plain(item.Expect), outcome.Steps);
        Assert.Equal(item.Reason, outcome.Reason);
    }

    [Theory]
    [MemberData(nameof(ResponseNames))]
    public void Response_SplitAnywhere_GetsTheSameAnswer(string name)
    {
        CorpusCase item = Corpus.Response(name);
        Method method = Enum.Parse<Method>(item.Method, ignoreCase: true);
        Outcome whole = Peer.Response(method, item.Bytes);

        foreach (int cut in Cuts(item.Bytes))
        {
            Assert.Equal(whole, Peer.Response(method, item.Bytes[..cut], item.Bytes[cut..]));
        }

        Assert.Equal(whole, Peer.Response(method, Pieces(item.Bytes)));
    }

    // The readers see what is left of a message, not what a forwarder edits in it.
    private static string Plain(string[] expect) =>
        string.Join(';', expect.Select(step => Forwarded.Contains(step) ? "forward" : step));

    private static IEnumerable<int> Cuts(byte[] bytes)
    {
        for (int i = 0; i <= bytes.Length; i++)
        {
            bool nearLineEnd = i < 4096 && i > 0 && bytes[i - 1] is (byte)'\r' or (byte)'\n';
            if (bytes.Length <= EveryByteMax || i % Stride == 0 || nearLineEnd)
            {
                yield return i;
            }
        }
    }

    // One byte at a time; a long case in pieces of 61 bytes, which cross every line end somewhere.
    private static byte[][] Pieces(byte[] bytes) =>
        [.. bytes.Chunk(bytes.Length <= EveryByteMax ? 1 : Stride).Select(piece => piece.ToArray())];
}
