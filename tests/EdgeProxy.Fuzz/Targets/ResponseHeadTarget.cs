using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Primitives.Http;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Response heads: read whole and in pieces they come to the same; a complete one satisfies the slow oracle.
/// </summary>
internal sealed class ResponseHeadTarget : FuzzTarget
{
    private const int ByteByByteMax = 300;

    private readonly ResponseHead _whole = new();
    private readonly ResponseHead _split = new();
    private readonly HeadLimits _limits = new() { HeadBytes = 2048, FieldCount = 20 };

    public override string Name => "response_head";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. Corpus.Responses.Select(item => item.Bytes).Where(bytes => bytes.Length < 4096)];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "\r\n", "\r\n\r\n", "\n", "\r", " ", ":", "\0", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 304\r\n",
            "HTTP/1.1 101 x\r\n", "204", "100",
            "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
            "Connection: upgrade\r\nUpgrade: a\r\n",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        Method method = input.Length % 5 == 0 ? Method.Head : Method.Get;
        _whole.Reset();
        ParseStatus status = ResponseHeadReader.Read(input, _limits, method, _whole);

        int cut = input.IsEmpty ? 0 : (input[^1] + (input.Length * 7)) % (input.Length + 1);
        _split.Reset();
        ParseStatus again = ResponseHeadReader.Read(input[..cut], _limits, method, _split);
        again = again == ParseStatus.NeedMore ? ResponseHeadReader.Read(input, _limits, method, _split) : again;
        Compare(status, again, "in two pieces");
        if (input.Length <= ByteByByteMax)
        {
            _split.Reset();
            again = ParseStatus.NeedMore;
            for (int length = 1; length <= input.Length && again == ParseStatus.NeedMore; length++)
            {
                again = ResponseHeadReader.Read(input[..length], _limits, method, _split);
            }

            Compare(status, again, "byte by byte");
        }

        if (status == ParseStatus.Complete)
        {
            string? fault = HeadOracle.Fault(input, _whole, 0);
            Require(fault is null, fault ?? string.Empty);
            Require(_whole.StatusCode is >= 100 and <= 999, "status out of range");
            bool bodyless = method == Method.Head || _whole.StatusCode is < 200 or 204 or 304;
            Require(!bodyless || _whole.Framing == BodyFraming.None, "a body where none may be");
            Require(_whole.Framing != BodyFraming.UntilClose || !_whole.KeepAlive, "a connection without end kept");
        }

        return HashCode.Combine(
            status, _whole.Reason, _whole.Framing, _whole.KeepAlive, _whole.HasUpgrade, _whole.Present,
            Math.Min(_whole.FieldCount, 4), _whole.StatusCode / 100);
    }

    private void Compare(ParseStatus status, ParseStatus again, string how)
    {
        Require(status == again, $"{status} whole, {again} {how}");
        Require(
            status == ParseStatus.NeedMore
            || (HeadOracle.Same(_whole, _split) && _whole.StatusCode == _split.StatusCode
                && _whole.StatusAndReason == _split.StatusAndReason && _whole.HasUpgrade == _split.HasUpgrade),
            "another head " + how);
    }
}
