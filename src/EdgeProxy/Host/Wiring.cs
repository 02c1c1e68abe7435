namespace EdgeProxy.Host;

/// <summary>Where the parts of the program are put together.</summary>
internal static class Wiring
{
    /// <summary>The engine of the shipped program.</summary>
    public static IDataPath CreateDataPath(DataPathParts parts) => new DataPath(parts);
}
