using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>config default|reference|schema</c>: what a configuration may say, from the declarations it is read with.
/// </summary>
internal static class ConfigCommand
{
    public static int Default(Shell shell) => Write(shell, ConfigReference.DefaultToml());

    public static int Reference(Shell shell) => Write(shell, ConfigMarkdown.Write());

    public static int Schema(Shell shell) => Write(shell, ConfigSchema.Json() + "\n");

    private static int Write(Shell shell, string text)
    {
        shell.Output.Write(text);
        return ExitCodes.Ok;
    }
}
