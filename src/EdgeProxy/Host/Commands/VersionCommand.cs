using System;
using System.Runtime.InteropServices;

namespace EdgeProxy.Host.Commands;

/// <summary><c>version</c>: what exactly is running here.</summary>
internal static class VersionCommand
{
    public static int Run(Shell shell, AnswerFormat format)
    {
        string runtime = $".NET {Environment.Version}";
        string system = RuntimeInformation.OSDescription;
        string architecture = RuntimeInformation.RuntimeIdentifier;
        if (format == AnswerFormat.Text)
        {
            shell.Output.WriteLine(
                $"edgeproxy {BuildStamp.Version} (commit {BuildStamp.Commit}, {runtime}, {architecture}, {system})");
            return ExitCodes.Ok;
        }

        JsonAnswer.Write(shell.Output, json =>
        {
            json.WriteStartObject();
            json.WriteString("version"u8, BuildStamp.Version);
            json.WriteString("commit"u8, BuildStamp.Commit);
            json.WriteString("runtime"u8, runtime);
            json.WriteString("platform"u8, architecture);
            json.WriteString("system"u8, system);
            json.WriteEndObject();
        });
        return ExitCodes.Ok;
    }
}
