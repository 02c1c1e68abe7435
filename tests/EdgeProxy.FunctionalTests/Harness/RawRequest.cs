using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A request as a server received it.</summary>
internal sealed record RawRequest(int Connection, WireHead Head)
{
    public string Method => Head.StartLine.Split(' ')[0];

    public string Target => Head.StartLine.Split(' ')[1];

    public string Version => Head.StartLine.Split(' ')[2];

    public byte[] Body { get; set; } = [];

    public string BodyText => Encoding.Latin1.GetString(Body);

    public IReadOnlyList<KeyValuePair<string, string>> Trailers { get; set; } = [];

    public override string ToString() => WireHead.Show(Head.Text);
}
