using System;

namespace EdgeProxy.Host;

/// <summary>The two forms in which a service manager starts the proxy: <c>run</c> and <c>run -c FILE</c>.</summary>
internal static class RunArguments
{
    /// <summary>False for anything else, right or wrong: then <see cref="CommandLine"/> judges.</summary>
    public static bool TryRead(ReadOnlySpan<string> args, out string? configPath)
    {
        configPath = null;
        if (args.Length == 0 || args[0] != "run")
        {
            return false;
        }

        if (args.Length == 1)
        {
            return true;
        }

        bool isPath = args.Length == 3 && args[1] is "-c" or "--config"
            && !args[2].StartsWith('-') && args[2].Length > 0;
        configPath = isPath ? args[2] : null;
        return isPath;
    }
}
