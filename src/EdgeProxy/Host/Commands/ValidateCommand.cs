using System.Collections.Generic;
using EdgeProxy.Config;
using EdgeProxy.Control;

namespace EdgeProxy.Host.Commands;

/// <summary><c>validate</c>: says what is wrong with a configuration, all of it, and touches nothing.</summary>
internal static class ValidateCommand
{
    public static int Run(Shell shell, string? configPath, AnswerFormat format)
    {
        string path = shell.ConfigPath(configPath);
        LoadedConfig loaded = ConfigSource.OfFile(path, ConfigEnvironment.OfProcess).Load();
        if (format == AnswerFormat.Json)
        {
            WriteJson(shell, path, loaded);
        }
        else if (loaded.Settings is { } settings)
        {
            shell.Output.WriteLine(
                $"{path}: ok: {settings.EntryPoints.Count} entrypoints, {settings.Routers.Count} routers, "
                + $"{settings.ServiceCount} services, configuration {settings.Hash}");
        }

        return loaded.Settings is null ? Refuse(shell, loaded) : ExitCodes.Ok;
    }

    /// <summary>Writes the faults as diagnostics and gives the exit code for them.</summary>
    public static int Refuse(Shell shell, LoadedConfig loaded)
    {
        WriteFaults(shell, loaded.Faults);
        return loaded.NotPermitted ? ExitCodes.NotPermitted : ExitCodes.ConfigFault;
    }

    public static void WriteFaults(Shell shell, IReadOnlyList<ConfigFault> faults)
    {
        foreach (ConfigFault fault in faults)
        {
            shell.Error.WriteLine(fault.ToString());
        }
    }

    private static void WriteJson(Shell shell, string path, LoadedConfig loaded) =>
        JsonAnswer.Write(shell.Output, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok"u8, loaded.Settings is not null);
            json.WriteString("file"u8, path);
            if (loaded.Settings is { } settings)
            {
                json.WriteString("hash"u8, settings.Hash);
                json.WriteNumber("entrypoints"u8, settings.EntryPoints.Count);
                json.WriteNumber("routers"u8, settings.Routers.Count);
                json.WriteNumber("services"u8, settings.ServiceCount);
            }

            ReloadOutcome.WriteFaults(loaded.Faults, json);
            json.WriteEndObject();
        });
}
