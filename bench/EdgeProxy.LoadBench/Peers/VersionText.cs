using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>The first line a program answers when it is asked for its version.</summary>
internal static class VersionText
{
    public static async Task<string> OfAsync(string? program, params string[] arguments)
    {
        if (program is null)
        {
            return "not installed";
        }

        (_, string output, string errors) = await ChildProcess.RunAsync(
            new Command(program, arguments), ulong.MaxValue);
        return (output + errors).Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => line.Length > 0 && line.Any(char.IsAsciiDigit)) ?? "unknown";
    }
}
