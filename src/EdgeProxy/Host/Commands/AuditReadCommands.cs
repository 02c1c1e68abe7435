using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;

namespace EdgeProxy.Host.Commands;

/// <summary>Which records <c>audit export</c> writes; what is not given is not asked for.</summary>
internal sealed record AuditFilter
{
    public string? Kind { get; init; }

    public string? Router { get; init; }

    public string? Consumer { get; init; }

    /// <summary>From this time on, before that one.</summary>
    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    public bool Takes(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        return (Kind is null || RecordJson.KindText(reader.Kind) == Kind)
            && (Since is null || reader.UnixMs >= Since.Value.ToUnixTimeMilliseconds())
            && (Until is null || reader.UnixMs < Until.Value.ToUnixTimeMilliseconds())
            && (Router is null || Has(record, RecordField.Router, Router))
            && (Consumer is null || Has(record, RecordField.Consumer, Consumer));
    }

    /// <summary>It has this request id or, in hex digits, trace id.</summary>
    public static bool IsOf(ReadOnlySpan<byte> record, string id) =>
        Has(record, RecordField.RequestId, id)
        || (RecordReader.TryFind(record, RecordField.TraceId, out ReadOnlySpan<byte> trace)
            && Convert.ToHexStringLower(trace) == id);

    public static bool Has(ReadOnlySpan<byte> record, RecordField field, string text) =>
        RecordReader.TryFind(record, field, out ReadOnlySpan<byte> value) && Encoding.UTF8.GetString(value) == text;
}

/// <summary>Payloads are asked for.</summary>
/// <param name="PrivateKeyFile">PEM file that opens sealed ones; null if there is none.</param>
internal sealed record PayloadArguments(string? PrivateKeyFile);

/// <summary>
/// <c>audit show</c> and <c>audit export</c>: records as JSON, each once its segment's signature was found right, so
/// that none is shown that is not as it was written. Those that no signature is over yet are shown, and that is said.
/// </summary>
internal static class AuditReadCommands
{
    private static readonly JsonWriterOptions LineOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Each record the filter takes, a line each.</summary>
    /// <param name="payloads">Not null: records of payloads have the bodies, too.</param>
    public static int Export(
        Shell shell, string? configPath, string? folder, IReadOnlyList<string> keyFiles, AuditFilter filter,
        PayloadArguments? payloads = null)
    {
        PayloadView? view = null;
        if (payloads is not null)
        {
            if (AuditPlace.FindFolder(shell, configPath, folder, out int exitCode) is not { } place)
            {
                return exitCode;
            }

            view = PayloadView.Open(shell, place, payloads.PrivateKeyFile);
            if (view is null)
            {
                return ExitCodes.Failed;
            }
        }

        using (view)
        {
            return Read(shell, configPath, folder, keyFiles, (node, seq, record) =>
            {
                if (!filter.Takes(record))
                {
                    return false;
                }

                PayloadFate? fate = view is null ? null : PayloadFate.Read(record);
                WriteLine(shell.Output, node, seq, record, fate is null ? null : json => view!.Write(json, fate));
                return true;
            });
        }
    }

    /// <summary>The record of a number, or those of a request or trace id.</summary>
    public static int Show(
        Shell shell, string? configPath, string? folder, IReadOnlyList<string> keyFiles, string which)
    {
        int shown = 0;
        bool isSeq = ulong.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out ulong wanted);
        int exitCode = Read(shell, configPath, folder, keyFiles, (node, seq, record) =>
        {
            if ((!isSeq || seq != wanted) && !AuditFilter.IsOf(record, which))
            {
                return false;
            }

            shown++;
            WriteWhole(shell.Output, node, seq, record);
            return true;
        });
        if (shown == 0 && exitCode == ExitCodes.Ok)
        {
            shell.Error.WriteLine($"edgeproxy: the chain has no record {which}");
            return ExitCodes.Failed;
        }

        return exitCode;
    }

    /// <summary>A record and, each as an object of its own, what is kept of its bodies.</summary>
    public static int ShowPayload(Shell shell, string? configPath, string? folder, IReadOnlyList<string> keyFiles,
        string which, PayloadArguments payloads)
    {
        if (AuditPlace.FindFolder(shell, configPath, folder, out int exitCode) is not { } place)
        {
            return exitCode;
        }

        using PayloadView? view = PayloadView.Open(shell, place, payloads.PrivateKeyFile);
        if (view is null)
        {
            return ExitCodes.Failed;
        }

        bool isSeq = ulong.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out ulong wanted);
        var owners = new HashSet<(ulong Lane, ulong Number)>();
        exitCode = Read(shell, configPath, folder, keyFiles, (_, seq, record) =>
        {
            if ((isSeq && seq == wanted) || AuditFilter.IsOf(record, which))
            {
                var reader = new RecordReader(record);
                owners.Add(PayloadFate.Read(record) is { } own ? (own.Lane, own.Number) : (reader.Lane, reader.Number));
            }

            return false;
        });
        int shown = 0;
        if (exitCode != ExitCodes.Ok)
        {
            return exitCode;
        }

        exitCode = Read(shell, configPath, folder, keyFiles, (node, seq, record) =>
        {
            var reader = new RecordReader(record);
            PayloadFate? fate = PayloadFate.Read(record);
            if (reader.Kind == RecordKind.Exchange && owners.Contains((reader.Lane, reader.Number)))
            {
                WriteWhole(shell.Output, node, seq, record);
                return true;
            }

            if (fate is null || !owners.Contains((fate.Lane, fate.Number)))
            {
                return false;
            }

            shown++;
            byte[] kept = record.ToArray();
            JsonAnswer.Write(
                shell.Output, json => RecordJson.Write(json, node, seq, kept, more => view.Write(more, fate)));
            return true;
        });
        if (shown == 0 && exitCode == ExitCodes.Ok)
        {
            shell.Error.WriteLine($"edgeproxy: nothing is kept of the bodies of {which}");
            return ExitCodes.Failed;
        }

        return exitCode;
    }

    /// <summary>A proof for one record, to be checked by <c>audit verify --proof</c> without the chain.</summary>
    public static int Prove(
        Shell shell, string? configPath, string? folder, IReadOnlyList<string> keyFiles, ulong seq)
    {
        if (AuditPlace.FindFolder(shell, configPath, folder, out int exitCode) is not { } place)
        {
            return exitCode;
        }

        using AuditPlace? chain = AuditPlace.Open(shell, place, keyFiles);
        if (chain is null)
        {
            return ExitCodes.Failed;
        }

        try
        {
            foreach (string name in chain.Segments)
            {
                using Stream segment = chain.OpenRead(name);
                if (InclusionProof.Make(segment, seq) is { } proof)
                {
                    JsonAnswer.Write(shell.Output, proof.WriteTo);
                    return ExitCodes.Ok;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            shell.Error.WriteLine($"edgeproxy: {exception.Message}");
            return ExitCodes.Failed;
        }

        shell.Error.WriteLine(
            $"edgeproxy: no signed segment has record {seq}; the open one is signed when full or segment_age old");
        return ExitCodes.Failed;
    }

    /// <summary>The public key, to be kept elsewhere.</summary>
    public static int Key(Shell shell, string? configPath, string? folder)
    {
        if (AuditPlace.FindFolder(shell, configPath, folder, out int exitCode) is not { } place)
        {
            return exitCode;
        }

        using AuditPlace? chain = AuditPlace.Open(shell, place, []);
        if (chain is null)
        {
            return ExitCodes.Failed;
        }

        shell.Output.Write(chain.Keys[0].PublicPem());
        return ExitCodes.Ok;
    }

    private static int Read(
        Shell shell,
        string? configPath,
        string? folder,
        IReadOnlyList<string> keyFiles,
        OnRecord take)
    {
        if (AuditPlace.FindFolder(shell, configPath, folder, out int exitCode) is not { } place)
        {
            return exitCode;
        }

        using AuditPlace? chain = AuditPlace.Open(shell, place, keyFiles);
        if (chain is null)
        {
            return ExitCodes.Failed;
        }

        try
        {
            ulong last = 0; // that was shown
            ChainReport report = chain.Verify(new ChainVerifier(chain.Keys)
            {
                OnGoodRecord = (header, seq, record) => last = take(header.Node, seq, record) ? seq : last,
            });
            if (report.OpenSeq > 0 && last >= report.OpenSeq)
            {
                shell.Error.WriteLine($"edgeproxy: from record {report.OpenSeq} on nothing is signed yet");
            }

            // What a running proxy is about to write is no fault of the chain.
            if (report.Problem is null || report.IsTornEnd)
            {
                return ExitCodes.Ok;
            }

            foreach (ChainProblem problem in report.Problems)
            {
                shell.Error.WriteLine($"edgeproxy: NOT OK: {problem}");
            }

            shell.Error.WriteLine("edgeproxy: no record of a segment that is not right to its end is shown");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            shell.Error.WriteLine($"edgeproxy: {exception.Message}");
        }

        return ExitCodes.Failed;
    }

    private static void WriteLine(TextWriter output, string node, ulong seq, ReadOnlySpan<byte> record,
        Action<Utf8JsonWriter>? more)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, LineOptions))
        {
            RecordJson.Write(json, node, seq, record, more);
        }

        output.Write(Encoding.UTF8.GetString(bytes.WrittenSpan));
        output.Write('\n');
    }

    private static void WriteWhole(TextWriter output, string node, ulong seq, ReadOnlySpan<byte> record)
    {
        byte[] kept = record.ToArray();
        JsonAnswer.Write(output, json => RecordJson.Write(json, node, seq, kept));
    }

    /// <summary>True if it was shown.</summary>
    private delegate bool OnRecord(string node, ulong seq, ReadOnlySpan<byte> record);
}
