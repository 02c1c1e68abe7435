using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.Tests.Tidy;

/// <summary>Files and methods are sized to be read.</summary>
internal static class SizeRules
{
    public const int FileLinesMax = 700;
    public const int TestFileLinesMax = 1500;
    public const int MedianLinesMax = 120;
    public const int MethodLinesMax = 70;
    public const int OrchestratorLinesMax = 150;
    public const int LineColumnsMax = 120;
    public const int QuotedLineColumnsMax = 160;
    public const long BlobBytesMax = 256 * 1024;

    /// <summary>The one method per floor that tells a story in numbered steps.</summary>
    public static readonly string[] Orchestrators =
    [
        "RequestPipeline.Run", "RequestPipeline.RunAsync", "EpollLoop.Run", "Forwarder.Forward", "Http1Connection.Run",
        "SnapshotBuilder.Build", "RouteTableBuilder.Build",
    ];

    public static IEnumerable<Finding> Run(SourceTree tree) =>
        tree.Files.SelectMany(CheckFile).Concat(CheckMedian(tree));

    private static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        if (file.Length > BlobBytesMax && !file.IsIn("bench"))
        {
            yield return new Finding(file.Path, 1, $"{file.Length / 1024} KiB", "make it where it is needed, or keep it elsewhere");
        }

        if (!file.IsCode)
        {
            yield break;
        }

        int most = file.IsIn("tests") ? TestFileLinesMax : FileLinesMax;
        if (LineCount(file) > most)
        {
            yield return new Finding(file.Path, most + 1, $"{LineCount(file)} lines", $"split it by what it is about ({most} at most)");
        }

        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (file.Lines[i].Length > LineColumnsMax && !IsQuotation(file, i))
            {
                yield return new Finding(file.Path, i + 1, $"{file.Lines[i].Length} columns", $"break the line ({LineColumnsMax} at most)");
            }
        }

        foreach (MethodSize method in MethodSizes.Of(file))
        {
            int lines = Orchestrators.Contains(method.Name) ? OrchestratorLinesMax : MethodLinesMax;
            if (method.Lines > lines)
            {
                yield return new Finding(
                    file.Path, method.Line, $"{method.Name} has {method.Lines} lines", $"split it into steps ({lines} at most)");
            }
        }
    }

    private static IEnumerable<Finding> CheckMedian(SourceTree tree)
    {
        int[] sizes = [.. tree.Source.Select(LineCount).Order()];
        if (sizes.Length > 0 && sizes[sizes.Length / 2] > MedianLinesMax)
        {
            yield return new Finding(
                "src", 1, $"the median file has {sizes[sizes.Length / 2]} lines", $"write smaller files ({MedianLinesMax} at most)");
        }
    }

    private static int LineCount(SourceFile file) => file.Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    // Tests quote wire bytes and configurations. A raw string cannot be broken, and a row of bytes is read best whole.
    private static bool IsQuotation(SourceFile file, int line)
    {
        if (!file.IsIn("tests") || file.Lines[line].AsSpan().TrimStart().StartsWith("//"))
        {
            return false;
        }

        string code = file.CodeLines[line];
        bool isRawText = code.AsSpan().Trim().IsEmpty;
        return isRawText || (code.Contains('"', StringComparison.Ordinal) && code.Length <= QuotedLineColumnsMax);
    }
}
