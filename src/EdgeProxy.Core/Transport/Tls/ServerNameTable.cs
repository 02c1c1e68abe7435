using System;
using System.Collections.Frozen;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// The one place that says what is meant by the name of a host, which certificate or which policy: what has the exact
/// name, else a wildcard for its first label, else nothing. Without regard to case and to a dot at the end.
/// </summary>
internal sealed class ServerNameTable
{
    // RFC 1035 section 2.3.4; as text, with a dot at the end.
    private const int NameCharsMax = 254;

    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byName;

    /// <summary>By the names of each; the first that has a name keeps it.</summary>
    public ServerNameTable(IReadOnlyList<IReadOnlyList<string>> names)
    {
        var byName = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            foreach (string name in names[i])
            {
                byName.TryAdd(name.TrimEnd('.'), i);
            }
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Its place, or -1. <paramref name="name"/> is without a port.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > NameCharsMax || !Ascii.IsValid(name))
        {
            return -1;
        }

        Span<char> lower = stackalloc char[NameCharsMax];
        _ = Ascii.ToLower(name, lower, out int length);
        ReadOnlySpan<char> wanted = lower[..length];
        wanted = wanted[^1] == '.' ? wanted[..^1] : wanted;
        if (_byName.TryGetValue(wanted, out int place))
        {
            return place;
        }

        int dot = wanted.IndexOf('.');
        if (dot <= 0)
        {
            return -1;
        }

        // RFC 9525 section 6.3: the star stands for one whole label.
        lower[dot - 1] = '*';
        return _byName.TryGetValue(lower.Slice(dot - 1, wanted.Length - dot + 1), out place) ? place : -1;
    }
}
