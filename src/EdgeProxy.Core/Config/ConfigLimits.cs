namespace EdgeProxy.Config;

/// <summary>Named limits of configuration files. Over any of them the configuration is refused with a fault.</summary>
internal static class ConfigLimits
{
    /// <summary>One file. 10,000 routers with rule, service and entrypoints take about 1.3 MB.</summary>
    public const int FileBytesMax = 4 * 1024 * 1024;

    /// <summary>Files read for one configuration, the first included.</summary>
    public const int FilesMax = 1024;

    /// <summary>
    /// Tables and arrays within each other. Ours need 5; unbounded nesting overflows the stack, which ends an AOT
    /// process.
    /// </summary>
    public const int DepthMax = 32;

    /// <summary>Faults reported at once; the rest is only counted.</summary>
    public const int FaultsMax = 200;

    /// <summary>Faults kept; a file that has more is read no further.</summary>
    public const int FaultsKeptMax = 10_000;

    /// <summary>Syntax faults after which one file is given up: each one restarts the reader.</summary>
    public const int SyntaxFaultsMax = 50;

    /// <summary>Characters of a value shown in a fault.</summary>
    public const int ShownCharsMax = 64;

    /// <summary>Characters of what the rule parser or the route table says, which quote rules.</summary>
    public const int RuleMessageCharsMax = 300;

    /// <summary>The name of a router, service or entrypoint.</summary>
    public const int NameCharsMax = 64;

    /// <summary>A rule, in characters.</summary>
    public const int RuleCharsMax = 16 * 1024;

    /// <summary>One credential file.</summary>
    public const int CredentialBytesMax = 64 * 1024;

    /// <summary>A string after ${env:} and ${cred:} were filled in, in characters.</summary>
    public const int ExpandedCharsMax = 256 * 1024;

    /// <summary>Elements of a list of names, choices or address ranges.</summary>
    public const int ListItemsMax = 1024;

    /// <summary>Middlewares of one router, chains resolved.</summary>
    public const int MiddlewaresMax = 64;
}
