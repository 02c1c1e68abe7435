using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Primitives.Http;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Request heads: read whole, in two pieces and byte by byte they come to the same; a head called complete satisfies
/// the slow oracle.
/// </summary>
internal sealed class RequestHeadTarget : FuzzTarget
{
    private const int ByteByByteMax = 300;

    private static readonly Regex Line =
        new("\\A[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,32} [\\x21\\x22\\x24-\\x7E]+ HTTP/1\\.[01]\\z");

    private readonly RequestHead _whole = new();
    private readonly RequestHead _split = new();

    // Small, so that the limits are met by small inputs.
    private readonly HeadLimits _limits = new() { HeadBytes = 2048, FieldCount = 20, TargetBytes = 256 };

    public override string Name => "request_head";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. Corpus.Requests.Select(item => item.Bytes).Where(bytes => bytes.Length < 4096)];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "\r\n", "\r\n\r\n", "\n", "\r", " ", "\t", ":", ": ", ",", "\0", "GET ", "POST ", "OPTIONS * ", "CONNECT ",
            "TRACE ",
            " HTTP/1.1\r\n", " HTTP/1.0\r\n", "http://", "Host: a\r\n", "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer_Encoding: chunked\r\n", "Connection: close, x\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n",
            "Expect: 100-continue\r\n", "TE: trailers\r\n", "chunked", "[::1]", "@", "#", "?", "/", "\\", "%2e",
            "\u00FF", "X: y\r\n",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        _whole.Reset();
        ParseStatus status = RequestHeadReader.Read(input, _limits, _whole);

        int cut = input.IsEmpty ? 0 : (input[^1] + (input.Length * 7)) % (input.Length + 1);
        _split.Reset();
        ParseStatus again = RequestHeadReader.Read(input[..cut], _limits, _split);
        again = again == ParseStatus.NeedMore ? RequestHeadReader.Read(input, _limits, _split) : again;
        Compare(status, again, "in two pieces");
        if (input.Length <= ByteByByteMax)
        {
            _split.Reset();
            again = ParseStatus.NeedMore;
            for (int length = 1; length <= input.Length && again == ParseStatus.NeedMore; length++)
            {
                again = RequestHeadReader.Read(input[..length], _limits, _split);
            }

            Compare(status, again, "byte by byte");
        }

        if (status == ParseStatus.Complete)
        {
            CheckComplete(input);
        }

        Require((status == ParseStatus.Malformed) == (_whole.Reason != RejectReason.None),
            "a reason without refusal, or none with it");
        return HashCode.Combine(
            status, _whole.Reason, _whole.Method, _whole.Form, _whole.Framing, _whole.Present,
            HashCode.Combine(
                _whole.KeepAlive, _whole.ExpectsContinue, _whole.WantsUpgrade, Math.Min(_whole.FieldCount, 4)));
    }

    private void Compare(ParseStatus status, ParseStatus again, string how)
    {
        Require(status == again, $"{status} whole, {again} {how}");
        Require(status == ParseStatus.NeedMore || HeadOracle.Same(_whole, _split), "another head " + how);
        Require(
            status != ParseStatus.Complete
            || (_whole.Path == _split.Path && _whole.Query == _split.Query && _whole.HasQuery == _split.HasQuery
                && _whole.Authority == _split.Authority && _whole.Host == _split.Host && _whole.Port == _split.Port
                && _whole.Method == _split.Method && _whole.MethodText == _split.MethodText
                && _whole.Form == _split.Form
                && _whole.ExpectsContinue == _split.ExpectsContinue && _whole.WantsUpgrade == _split.WantsUpgrade),
            "another request line " + how);
    }

    private void CheckComplete(ReadOnlySpan<byte> input)
    {
        int first = input.StartsWith("\r\n"u8) ? 2 : 0;
        string? fault = HeadOracle.Fault(input, _whole, first);
        Require(fault is null, fault ?? string.Empty);

        string line = Encoding.Latin1.GetString(input[first..(first + input[first..].IndexOf("\r\n"u8))]);
        Require(Line.IsMatch(line), "request line is not one: " + line);
        Require(_whole.Method is not (Method.Connect or Method.Trace), "a tunnel or a trace");
        int hosts = 0;
        foreach (HeaderField field in _whole.Fields)
        {
            string name = Encoding.Latin1.GetString(field.Name.Of(input));
            hosts += string.Equals(name, "host", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        }

        Require(hosts == 1 || (hosts == 0 && _whole.MinorVersion == 0), $"{hosts} Host fields");
        Require(_whole.Target.Length <= _limits.TargetBytes && _whole.FieldCount <= _limits.FieldCount, "over a limit");
        Require(_whole.Length <= _limits.HeadBytes, "head over its limit");
        string authority = Encoding.Latin1.GetString(_whole.Authority.Of(input));
        Require(
            Regex.IsMatch(authority, "\\A([A-Za-z0-9._~-]+|\\[[0-9a-fA-F:.]+\\]|)(:[0-9]{1,5})?\\z"),
            "authority " + authority);
    }
}
