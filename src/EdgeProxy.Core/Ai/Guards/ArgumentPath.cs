using System.Text;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Ai.Guards;

/// <summary>Where in what a tool is called with a rule looks. Immutable.</summary>
internal sealed class ArgumentPath
{
    private readonly ulong[] _names;
    private readonly bool[] _areItems;

    public ArgumentPath(Sequence<string> path)
    {
        _names = new ulong[path.Count];
        _areItems = new bool[path.Count];
        for (int i = 0; i < path.Count; i++)
        {
            _areItems[i] = path[i] == ParameterLimits.Items;
            _names[i] = FoldedName.HashOf(Encoding.UTF8.GetBytes(path[i]));
        }
    }

    /// <summary>Steps from the arguments to the place; 0: the arguments themselves.</summary>
    public int Depth => _names.Length;

    /// <summary>The step goes to every item of a list, else to a member.</summary>
    public bool IsItems(int depth) => _areItems[depth];

    /// <summary>The member's name, folded (<see cref="FoldedName"/>).</summary>
    public ulong NameAt(int depth) => _names[depth];
}
