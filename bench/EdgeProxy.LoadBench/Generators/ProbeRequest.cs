using System.Linq;
using System.Text;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>A request as it goes on the wire, and the body its answer must have.</summary>
/// <param name="IsStream">It may be answered in chunks, of any size.</param>
/// <param name="IsEndless">Its answer has no end: the head is all that is looked at.</param>
internal sealed record ProbeRequest(string Text, int BodyBytes, bool IsStream = false, bool IsEndless = false)
{
    // Of 11 bytes: 1 KiB.
    private const int ChatWords = 93;

    public byte[] Bytes { get; } = Encoding.Latin1.GetBytes(Text);

    public static ProbeRequest Get(string path, int bodyBytes, string fields = "") =>
        new($"GET {path} HTTP/1.1\r\nHost: bench.example.com\r\n{fields}\r\n", bodyBytes);

    public static ProbeRequest Post(string path, int bytes, int bodyBytes) => new(
        $"POST {path} HTTP/1.1\r\nHost: bench.example.com\r\nContent-Length: {bytes}\r\n\r\n{new string('x', bytes)}",
        bodyBytes);

    /// <summary>
    /// A chat completion with a prompt of 1 KiB, by the consumer that has a key. The field tells the origin what it is
    /// when it comes as it was sent.
    /// </summary>
    public static ProbeRequest Chat(string model, int bodyBytes)
    {
        (string stream, string field) = model switch
        {
            "s" => ("\"stream\":true,", "X-Stream: 1\r\n"),
            "h" => ("\"stream\":true,", "X-Held: 1\r\n"),
            _ => ("", ""),
        };
        string body = $"{{\"model\":\"{model}\",{stream}\"max_tokens\":64,\"messages\":[{{\"role\":\"user\","
            + $"\"content\":\"{string.Concat(Enumerable.Repeat("some words ", ChatWords))}\"}}]}}";
        return new ProbeRequest(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: bench.example.com\r\nContent-Type: application/json\r\n"
                + $"X-Api-Key: {Credentials.ApiKey}\r\n{field}Content-Length: {body.Length}\r\n\r\n{body}",
            bodyBytes);
    }

    /// <summary>What is wrong with an answer; null if nothing is.</summary>
    public string? FlawOf(ProbeAnswer answer) =>
        answer.Status != 200 ? $"status {answer.Status}"
        : answer.BodyBytes != BodyBytes && !IsStream ? $"{answer.BodyBytes} bytes of body, not {BodyBytes}"
        : null;
}
