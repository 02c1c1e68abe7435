using EdgeProxy.Control;

namespace EdgeProxy.Host;

/// <summary>What the process says when it ends; 77 and 78 are EX_NOPERM and EX_CONFIG of sysexits.h.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>plan --exit-code: something would change.</summary>
    public const int Changes = 3;

    public const int NotPermitted = 77;

    /// <summary>Another start cannot help until the file is mended: systemd's RestartPreventExitStatus.</summary>
    public const int ConfigFault = 78;

    public static int Of(ReloadOutcome outcome) => outcome switch
    {
        { Ok: true } => Ok,
        { NotPermitted: true } => NotPermitted,
        { Faults.Count: > 0 } => ConfigFault,
        _ => Failed,
    };
}
