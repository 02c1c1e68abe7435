using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;

namespace EdgeProxy.Host.Commands;

/// <summary>What <c>audit verify</c> is asked to check.</summary>
internal sealed record AuditVerifyArguments
{
    public string? Folder { get; init; }

    public IReadOnlyList<string> KeyFiles { get; init; } = [];

    /// <summary>A record and the beginning of a hash that were noted elsewhere.</summary>
    public (ulong Seq, byte[] Hash)? Head { get; init; }

    /// <summary>A proof of one record to check in the place of a chain.</summary>
    public string? ProofFile { get; init; }
}

/// <summary><c>audit verify</c>: that nothing of a chain was changed, or the first place where something was.</summary>
internal static class AuditVerifyCommand
{
    // A chain that is being written may end within a frame for a moment.
    private const int TornLooks = 5;
    private static readonly TimeSpan TornWait = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(
        Shell shell, string? configPath, AuditVerifyArguments arguments, AnswerFormat format)
    {
        if (arguments.ProofFile is { } proofFile)
        {
            return VerifyProof(shell, proofFile, arguments, format);
        }

        if (AuditPlace.FindFolder(shell, configPath, arguments.Folder, out int exitCode) is not { } folder)
        {
            return exitCode;
        }

        using AuditPlace? place = AuditPlace.Open(shell, folder, arguments.KeyFiles);
        if (place is null)
        {
            return ExitCodes.Failed;
        }

        try
        {
            long started = shell.Time.GetTimestamp();
            (ChainReport report, PayloadReport payloads) = Verify(place, arguments);
            for (int look = 1; (report.IsTornEnd || payloads.Problems.Count > 0) && look < TornLooks; look++)
            {
                await Task.Delay(TornWait, shell.Time).ConfigureAwait(false);
                started = shell.Time.GetTimestamp();
                (report, payloads) = Verify(place, arguments);
            }

            return Report(shell, place, (report, payloads), shell.Time.GetElapsedTime(started), format);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            shell.Error.WriteLine($"edgeproxy: {exception.Message}");
            return exception is UnauthorizedAccessException ? ExitCodes.NotPermitted : ExitCodes.Failed;
        }
    }

    // Payloads are looked at behind the chain: what happens to them meanwhile may look wrong for a moment.
    private static (ChainReport Chain, PayloadReport Payloads) Verify(AuditPlace place, AuditVerifyArguments arguments)
    {
        var payloads = new PayloadCheck(PayloadFiles.Of(place.Folder));
        ChainReport report = place.Verify(new ChainVerifier(place.Keys)
        {
            Noted = arguments.Head,
            OnRecord = (_, seq, record) => payloads.Take(seq, record),
        });
        return (report, report.Problem is null ? payloads.Finish() : new PayloadReport());
    }

    private static int Report(Shell shell, AuditPlace place, (ChainReport Chain, PayloadReport Payloads) found,
        TimeSpan took, AnswerFormat format)
    {
        List<string> problems = ProblemsOf(place, found.Chain);
        problems.AddRange(found.Payloads.Problems);
        if (format == AnswerFormat.Json)
        {
            JsonAnswer.Write(shell.Output, json => WriteJson(json, place, found, problems, took));
        }
        else
        {
            WriteText(shell, place, found.Chain, problems, took);
            WritePayloads(shell, found.Payloads);
        }

        return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static List<string> ProblemsOf(AuditPlace place, ChainReport report)
    {
        var problems = new List<string>();
        foreach (ChainProblem problem in report.Problems)
        {
            problems.Add(problem.ToString());
        }

        if (problems.Count > 0)
        {
            return problems;
        }

        if (report.Segments == 0)
        {
            problems.Add($"{place.Folder} has no segment of a chain");
        }
        else if (!report.IsBeginningKnown)
        {
            problems.Add($"begins with record {report.FirstSeq}, and no record says that the ones before were removed");
        }

        if (report.HasNoted == false)
        {
            problems.Add("the record and hash given with --head are not in it: its end was cut off, or it is another");
        }

        return problems;
    }

    private static void WriteText(
        Shell shell, AuditPlace place, ChainReport report, List<string> problems, TimeSpan took)
    {
        foreach (string problem in problems)
        {
            shell.Output.WriteLine($"NOT OK: {problem}");
        }

        string ok = problems.Count == 0 ? "ok" : report.Problem is null ? "else well" : "well besides";
        string speed = Speed(report, took);
        shell.Output.WriteLine($"{ok}: {report.Records} records, {report.FirstSeq} to {report.LastSeq}, in "
            + $"{report.Segments} segments, {Size(report.Bytes)} ({speed})");
        shell.Output.WriteLine($"signed up to record {report.SignedSeq}, chained up to {report.ChainedSeq}, "
            + $"hash {Convert.ToHexStringLower(report.HeadHash)}");
        if (place.IsOwnKey)
        {
            shell.Output.WriteLine(
                "with the public key of the chain's own folder; for proof give one kept elsewhere, --public-key FILE");
        }
    }

    private static void WritePayloads(Shell shell, PayloadReport payloads)
    {
        if (!payloads.IsEmpty)
        {
            shell.Output.WriteLine($"payloads: {payloads.Kept} as they were written, {payloads.Erased} erased, "
                + $"{payloads.Removed} removed with their files, {payloads.Dropped} dropped, "
                + $"{payloads.NeverWritten} never written"
                + (payloads.NotHere > 0 ? $"; {payloads.NotHere} are not here and were not checked" : ""));
        }
    }

    // Of so few bytes a speed says nothing.
    private static string Speed(ChainReport report, TimeSpan took) => string.Create(CultureInfo.InvariantCulture,
        $"{took.TotalSeconds:0.00} s")
        + (report.Bytes < 1_000_000 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {report.Bytes / 1e6 / Math.Max(took.TotalSeconds, 1e-3):0} MB/s"));

    private static string Size(long bytes) => bytes < 10_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.00} MB");

    private static void WriteJson(
        Utf8JsonWriter json, AuditPlace place, (ChainReport Chain, PayloadReport Payloads) found, List<string> problems,
        TimeSpan took)
    {
        ChainReport report = found.Chain;
        json.WriteStartObject();
        json.WriteBoolean("ok"u8, problems.Count == 0);
        json.WriteStartArray("problems"u8);
        foreach (string problem in problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        if (report.Problem is { } at)
        {
            json.WriteStartObject("at"u8);
            json.WriteString("segment"u8, at.Segment);
            json.WriteNumber("record"u8, at.Seq);
            json.WriteNumber("offset"u8, at.Offset);
            json.WriteEndObject();
        }

        json.WriteNumber("records"u8, report.Records);
        json.WriteNumber("first_record"u8, report.FirstSeq);
        json.WriteNumber("last_record"u8, report.LastSeq);
        json.WriteNumber("signed_record"u8, report.SignedSeq);
        json.WriteNumber("chained_record"u8, report.ChainedSeq);
        json.WriteString("hash"u8, Convert.ToHexStringLower(report.HeadHash));
        json.WriteNumber("segments"u8, report.Segments);
        json.WriteNumber("bytes"u8, report.Bytes);
        json.WriteNumber("seconds"u8, Math.Round(took.TotalSeconds, 3));
        json.WriteBoolean("own_key"u8, place.IsOwnKey);
        json.WriteStartObject("payloads"u8);
        json.WriteNumber("kept"u8, found.Payloads.Kept);
        json.WriteNumber("erased"u8, found.Payloads.Erased);
        json.WriteNumber("removed"u8, found.Payloads.Removed);
        json.WriteNumber("dropped"u8, found.Payloads.Dropped);
        json.WriteNumber("never_written"u8, found.Payloads.NeverWritten);
        json.WriteNumber("not_here"u8, found.Payloads.NotHere);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static int VerifyProof(Shell shell, string file, AuditVerifyArguments arguments, AnswerFormat format)
    {
        if (arguments.KeyFiles.Count == 0)
        {
            shell.Error.WriteLine("edgeproxy: a proof is checked with --public-key FILE");
            return ExitCodes.Usage;
        }

        using AuditPlace? place = AuditPlace.Open(shell, "", arguments.KeyFiles);
        if (place is null)
        {
            return ExitCodes.Failed;
        }

        byte[] text;
        try
        {
            text = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            shell.Error.WriteLine($"edgeproxy: {exception.Message}");
            return ExitCodes.Failed;
        }

        InclusionProof? proof = InclusionProof.Read(text);
        string? problem = proof is null ? "is no proof of a record" : proof.Check(place.Keys);
        if (format == AnswerFormat.Json)
        {
            JsonAnswer.Write(shell.Output, json => WriteProofJson(json, proof, problem));
        }
        else
        {
            shell.Output.WriteLine(problem is null ? $"ok: record {proof!.Seq} is under the key's signature"
                : $"NOT OK: {file} {problem}");
        }

        return problem is null ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void WriteProofJson(Utf8JsonWriter json, InclusionProof? proof, string? problem)
    {
        json.WriteStartObject();
        json.WriteBoolean("ok"u8, problem is null);
        if (problem is not null)
        {
            json.WriteString("problem"u8, problem);
        }
        else
        {
            json.WritePropertyName("record"u8);
            RecordJson.Write(json, "", proof!.Seq, proof.Record);
        }

        json.WriteEndObject();
    }
}
