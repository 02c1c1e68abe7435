using System;
using System.Buffers;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeProxy.Host.Commands;

/// <summary>Writes one JSON answer, indented, to a command's output.</summary>
internal static class JsonAnswer
{
    private static readonly JsonWriterOptions Options =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter output, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            write(json);
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }
}
