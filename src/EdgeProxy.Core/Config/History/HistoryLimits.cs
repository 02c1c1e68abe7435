namespace EdgeProxy.Config.History;

/// <summary>Named limits of what is kept of configurations. Over any of them the oldest go.</summary>
internal static class HistoryLimits
{
    public const int ConfigsMax = 32;

    /// <summary>All that is kept, together.</summary>
    public const long BytesMax = 16 * 1024 * 1024;

    /// <summary>One configuration: a larger one is used, and not kept.</summary>
    public const int ConfigBytesMax = 8 * 1024 * 1024;
}
