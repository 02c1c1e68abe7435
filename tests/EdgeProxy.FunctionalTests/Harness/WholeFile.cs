using System.IO;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A file that is replaced at once, so that who watches it never reads a part.</summary>
internal static class WholeFile
{
    public static async Task ReplaceAsync(string path, string text)
    {
        string next = $"{path}.next";
        await File.WriteAllTextAsync(next, text);
        File.Move(next, path, overwrite: true);
    }
}
