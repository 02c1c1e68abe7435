using System;
using System.Collections.Generic;

namespace EdgeProxy.Config;

/// <summary>Reads a configuration: the file, what it includes, its values, all of its faults.</summary>
internal static class ConfigFile
{
    /// <summary>
    /// Settings if there is no fault, else null and every fault found. A file that cannot be read is a fault too.
    /// </summary>
    public static ProxySettings? Load(string path, ConfigEnvironment environment, out IReadOnlyList<ConfigFault> faults) =>
        throw new NotSupportedException();

    /// <summary>As <see cref="Load"/>, from text; <paramref name="name"/> stands for the file in faults. include is a fault.</summary>
    public static ProxySettings? Parse(
        string text, string name, ConfigEnvironment environment, out IReadOnlyList<ConfigFault> faults) =>
        throw new NotSupportedException();
}

/// <summary>Where ${env:} and ${cred:} look, handed in so that tests need no process environment.</summary>
internal sealed record ConfigEnvironment(
    Func<string, string?> Variable, string HostName)
{
    public static ConfigEnvironment OfProcess { get; } =
        new(Environment.GetEnvironmentVariable, Environment.MachineName);
}
