using System;
using System.IO;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using EdgeProxy.Audit.Payloads;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// Payloads as <c>audit show</c> and <c>audit export</c> write them: text where it is UTF-8, else Base64. None is shown
/// that is not as its record says.
/// </summary>
internal sealed class PayloadView(PayloadFiles files, PayloadSeal? key) : IDisposable
{
    /// <summary>Of the chain in a folder; null, with the reason on stderr, if the key cannot be read.</summary>
    public static PayloadView? Open(Shell shell, string folder, string? keyFile)
    {
        try
        {
            PayloadSeal? key = keyFile is null ? null : PayloadSeal.OfPem(File.ReadAllText(keyFile), isPrivate: true);
            return new PayloadView(PayloadFiles.Of(folder), key);
        }
        catch (Exception exception) when (exception
            is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            shell.Error.WriteLine($"edgeproxy: {keyFile}: {exception.Message}");
            return null;
        }
    }

    /// <summary>Members of an open object: where the payload is, or why it is not.</summary>
    public void Write(Utf8JsonWriter json, PayloadFate fate)
    {
        byte[]? entry = fate.Mode == PayloadMode.None ? null : files.ReadEntry(fate.Place);
        EntryHead? head = entry is null ? null : EntryHead.Read(entry);
        string? why = fate.Mode == PayloadMode.None ? "dropped"
            : head is null ? "removed"
            : head.Value.State == EntryState.Erased ? "erased"
            : !EntryHead.IsWhole(entry!) || !entry.AsSpan(EntryHead.DigestOffset, fate.Digest.Length)
                .SequenceEqual(fate.Digest) ? "not as it was written"
            : null;
        byte[] request = [];
        byte[] answer = [];
        if (why is null && !PayloadEncoder.TryDecode(entry!, key, out request, out answer, out string problem))
        {
            why = problem;
        }

        json.WriteString("payload"u8, why ?? "ok");
        if (why is null)
        {
            EntryFlags flags = head!.Value.Flags;
            WriteBody(json, "request", request, flags.HasFlag(EntryFlags.RequestCut),
                flags.HasFlag(EntryFlags.RequestLeftOut));
            WriteBody(json, "answer", answer, flags.HasFlag(EntryFlags.AnswerCut),
                flags.HasFlag(EntryFlags.AnswerLeftOut));
        }
    }

    public void Dispose() => key?.Dispose();

    private static void WriteBody(Utf8JsonWriter json, string name, byte[] body, bool isCut, bool isLeftOut)
    {
        if (Utf8.IsValid(body))
        {
            json.WriteString(name + "_body", body);
        }
        else
        {
            json.WriteBase64String(name + "_body_base64", body);
        }

        if (isCut)
        {
            json.WriteBoolean(name + "_cut", true);
        }

        if (isLeftOut)
        {
            json.WriteBoolean(name + "_left_out", true);
        }
    }
}
