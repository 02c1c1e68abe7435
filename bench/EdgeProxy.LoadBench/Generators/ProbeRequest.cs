using System.Text;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>A request as it goes on the wire, and the body its answer must have.</summary>
internal sealed record ProbeRequest(string Text, int BodyBytes, bool IsStream = false)
{
    public byte[] Bytes { get; } = Encoding.Latin1.GetBytes(Text);

    public static ProbeRequest Get(string path, int bodyBytes, string fields = "") =>
        new($"GET {path} HTTP/1.1\r\nHost: bench.example.com\r\n{fields}\r\n", bodyBytes);

    public static ProbeRequest Post(string path, int bytes, int bodyBytes) => new(
        $"POST {path} HTTP/1.1\r\nHost: bench.example.com\r\nContent-Length: {bytes}\r\n\r\n{new string('x', bytes)}",
        bodyBytes);

    /// <summary>What is wrong with an answer; null if nothing is.</summary>
    public string? FlawOf(ProbeAnswer answer) =>
        answer.Status != 200 ? $"status {answer.Status}"
        : answer.BodyBytes != BodyBytes && !IsStream ? $"{answer.BodyBytes} bytes of body, not {BodyBytes}"
        : null;
}
