using System;
using System.IO;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config.History;

/// <summary>
/// That the proxy was rolled back: which configuration is in use instead of the file's, for as long as the file says
/// what it said then.
/// </summary>
/// <param name="Hash">Of the configuration in use.</param>
/// <param name="Instead">The digest of the files it was rolled back from (<see cref="WrittenFiles.Digest"/>).</param>
/// <param name="InsteadHash">Their hash; empty if they were at fault.</param>
internal sealed record RollbackNote(string Hash, string Instead, string InsteadHash)
{
    private const int BytesMax = 4096;
    private const int CheckChars = 16;

    /// <summary>Null if there is none; <paramref name="isDamaged"/> if there is a file, and no note in it.</summary>
    public static RollbackNote? Read(string path, out bool isDamaged)
    {
        FileOutcome outcome = FileBytes.Read(path, BytesMax, out byte[] bytes, out _);
        RollbackNote? note = outcome == FileOutcome.Read ? Parse(Encoding.UTF8.GetString(bytes)) : null;
        isDamaged = note is null && outcome != FileOutcome.Absent;
        return note;
    }

    /// <summary>Null, else why it could not be written.</summary>
    public string? Keep(string path)
    {
        try
        {
            string text = $"{Hash} {Instead} {InsteadHash}";
            StateFile.Write(path, Encoding.UTF8.GetBytes($"{text} {Check(text)}\n"));
            return null;
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return exception.Message;
        }
    }

    /// <summary>Null, else why it is still there.</summary>
    public static string? Remove(string path)
    {
        try
        {
            File.Delete(path);
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return exception.Message;
        }
    }

    private static RollbackNote? Parse(string text)
    {
        int end = text.LastIndexOf(' ');
        string[] words = end < 0 ? [] : text[..end].Split(' ');
        return words.Length == 3 && text.EndsWith('\n') && text[(end + 1)..^1] == Check(text[..end])
            ? new RollbackNote(words[0], words[1], words[2])
            : null;
    }

    private static string Check(string text) =>
        Convert.ToHexStringLower(Sha256.Of(Encoding.UTF8.GetBytes(text)))[..CheckChars];
}
