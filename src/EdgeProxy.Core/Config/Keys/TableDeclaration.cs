using System;
using System.Collections.Generic;

namespace EdgeProxy.Config.Keys;

/// <summary>
/// A kind of table: its keys, the tables below it, and what the design names but this version does not have.
/// </summary>
/// <param name="Name">As written in a header: "node", "entrypoints".</param>
/// <param name="IsNamed">Each table below has a name of the author's: [entrypoints.NAME].</param>
internal sealed record TableDeclaration(string Name, bool IsNamed, string Doc, IReadOnlyList<Key> Keys)
{
    /// <summary>Below the root all of them; below any other each may be left out.</summary>
    public IReadOnlyList<TableDeclaration> Tables { get; init; } = [];

    /// <summary>Keys that a later version will have: a fault, so that nobody relies on them.</summary>
    public IReadOnlyList<string> Later { get; init; } = [];

    /// <summary>
    /// The name used in the default file, if <see cref="IsNamed"/>; below such a table one of its own, if it cannot
    /// stand beside the others.
    /// </summary>
    public string ExampleName { get; init; } = "";

    /// <summary>Stands in the place of all that the table above it has: not beside it.</summary>
    public bool IsAlone { get; init; }

    /// <summary>A table of the top that is not the same left out as empty: the default file has it behind #.</summary>
    public bool IsOptional { get; init; }

    /// <summary>
    /// Part of a file that shows it, if its required keys and those with an example do not show enough.
    /// </summary>
    public string? ExampleToml { get; init; }

    public bool Knows(string key)
    {
        foreach (Key known in Keys)
        {
            if (string.Equals(known.Name, key, StringComparison.Ordinal))
            {
                return true;
            }
        }

        foreach (TableDeclaration table in Tables)
        {
            if (string.Equals(table.Name, key, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public bool KnowsLater(string key)
    {
        foreach (string later in Later)
        {
            if (string.Equals(later, key, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public IEnumerable<string> Names()
    {
        foreach (Key key in Keys)
        {
            yield return key.Name;
        }

        foreach (TableDeclaration table in Tables)
        {
            yield return table.Name;
        }
    }
}
