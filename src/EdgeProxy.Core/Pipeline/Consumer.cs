using System;
using System.Text;

namespace EdgeProxy.Pipeline;

/// <summary>Who calls: a name of the configuration that a credential proved. Limits count by it.</summary>
internal sealed class Consumer(string name)
{
    private readonly byte[] _bytes = Encoding.ASCII.GetBytes(name);

    public string Name { get; } = name;

    public ReadOnlySpan<byte> NameBytes => _bytes;

    /// <summary>The same, for who keeps it.</summary>
    public ReadOnlyMemory<byte> NameMemory => _bytes;
}
