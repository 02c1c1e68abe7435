using System;
using System.Collections.Generic;

namespace EdgeProxy.Fuzz;

/// <summary>
/// One reader under test. <see cref="Run"/> throws <see cref="FindingException"/> when its oracle is broken, and
/// returns a number that tells kinds of behaviour apart: an input with a new one is worth mutating further.
/// </summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Whole inputs to start from.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Short texts the grammar turns on, to be put in anywhere.</summary>
    public abstract IReadOnlyList<byte[]> Words { get; }

    public abstract int Run(ReadOnlySpan<byte> input);

    protected static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new FindingException(what);
        }
    }
}

/// <summary>An oracle that did not hold.</summary>
internal sealed class FindingException(string what) : Exception(what);
