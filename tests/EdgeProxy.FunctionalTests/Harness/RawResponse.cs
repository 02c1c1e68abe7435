using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A response as the client received it.</summary>
internal sealed record RawResponse(WireHead Head)
{
    public int Status { get; } = ParseStatus(Head.StartLine);

    public byte[] Body { get; init; } = [];

    public string BodyText => Encoding.Latin1.GetString(Body);

    public IReadOnlyList<KeyValuePair<string, string>> Trailers { get; init; } = [];

    /// <summary>Informational heads that came before.</summary>
    public IReadOnlyList<WireHead> Interim { get; init; } = [];

    /// <summary>
    /// False if the connection ended before the framing said so, or by reset where the end is the framing.
    /// </summary>
    public bool IsWhole { get; init; } = true;

    public string? Header(string name) => Head.One(name);

    public override string ToString() => WireHead.Show($"{Head.Text}{BodyText}");

    private static int ParseStatus(string line)
    {
        // status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4)
        if (line.Length < 13 || !line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line[8] != ' ' || line[12] != ' ')
        {
            throw new FormatException($"status line: {WireHead.Show(line)}");
        }

        return int.Parse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
