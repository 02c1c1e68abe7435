using System.Globalization;
using System.Linq;
using System.Text;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>What a model would say: always the same, whole, in 64 events at once, or without an end.</summary>
internal static class ChatAnswers
{
    private const int EventCount = 64;
    private const int WordCount = 64;

    /// <summary>Of events, without what frames them: at least so much is said before a held answer waits.</summary>
    public const int HeldBytes = 16 * 1024;

    private const string Usage = "\"usage\":{\"prompt_tokens\":250,\"completion_tokens\":64,\"total_tokens\":314}";

    private const string Start = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\"";

    private static readonly string WholeBody =
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":["
        + "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
        + string.Concat(Enumerable.Repeat("a word or two ", WordCount))
        + "\"},\"finish_reason\":\"stop\"}]," + Usage + "}";

    public static int WholeBodyBytes => WholeBody.Length;

    public static byte[] Whole { get; } = Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {WholeBody.Length}\r\n\r\n{WholeBody}"));

    public static byte[] Stream { get; } = Encoding.Latin1.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        + string.Concat(Enumerable.Repeat(Chunk(Word), EventCount - 1))
        + Chunk(Event("{}", "\"stop\""))
        + Chunk($"{Start},\"choices\":[],{Usage}}}\n\n")
        + Chunk("data: [DONE]\n\n") + "0\r\n\r\n");

    /// <summary>So much in events, and no end: it waits for its caller to leave.</summary>
    public static byte[] Held { get; } = Encoding.Latin1.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        + string.Concat(Enumerable.Repeat(Chunk(HeldWord), 1 + (HeldBytes / HeldWord.Length))));

    private static string Word => Event("{\"content\":\"a word \"}", "null");

    // Without what a proxy that asked for it may take out again.
    private static string HeldWord => Word.Replace(",\"usage\":null", "", System.StringComparison.Ordinal);

    private static string Event(string delta, string reason) =>
        $"{Start},\"created\":1,\"model\":\"s\",\"choices\":"
        + $"[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{reason}}}],\"usage\":null}}\n\n";

    private static string Chunk(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{text.Length:x}\r\n{text}\r\n");
}
