using System;
using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Control;

/// <summary>The two forms of the admin surface's answers.</summary>
internal static class AdminAnswer
{
    public const string PlainText = "text/plain; charset=utf-8";
    public const string JsonText = "application/json; charset=utf-8";

    // Sent as application/json, so no browser reads it as a page: '+' and '<' may stand as they are.
    private static readonly JsonWriterOptions JsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static LocalAnswer Text(int status, string text) => new(status, PlainText, Encoding.UTF8.GetBytes(text));

    public static LocalAnswer Json(Action<Utf8JsonWriter> write, int status = 200)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, JsonOptions))
        {
            write(json);
        }

        return new LocalAnswer(status, JsonText, body.WrittenMemory);
    }

    /// <summary>
    /// 422: the request was understood, the configuration it speaks of cannot be used; 404: there is none; 500: it
    /// could be used, and we failed to.
    /// </summary>
    public static int StatusOf(ReloadOutcome outcome) => outcome switch
    {
        { Ok: true } => 200,
        { IsUnknown: true } => 404,
        { Faults.Count: > 0 } => 422,
        _ => 500,
    };
}
