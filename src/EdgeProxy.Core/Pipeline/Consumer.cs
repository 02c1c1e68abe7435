using System;
using System.Text;

namespace EdgeProxy.Pipeline;

/// <summary>Who calls: a name of the configuration that a credential proved. Limits count by it.</summary>
/// <param name="index">
/// Its place among [consumers] of each configuration that has the middleware which found it; -1 for none: its requests
/// are not counted apart.
/// </param>
internal sealed class Consumer(string name, int index = -1)
{
    private readonly byte[] _bytes = Encoding.ASCII.GetBytes(name);

    public string Name { get; } = name;

    public int Index { get; } = index;

    public ReadOnlySpan<byte> NameBytes => _bytes;

    /// <summary>The same, for who keeps it.</summary>
    public ReadOnlyMemory<byte> NameMemory => _bytes;
}
