using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config;

/// <summary>
/// Looks up the names composed services consist of: each exists, and none leads back to itself.
/// </summary>
internal sealed class ServiceNames(
    ConfigFaults faults,
    TomlTable names,
    List<ServiceSettings> services,
    List<ComposedDocument> composed,
    HashSet<string> aiServices)
{
    // Height of what is being looked at; nothing that is whole has it.
    private const int UnderWay = -1;

    private readonly Dictionary<string, int> _heights = [];
    private readonly Dictionary<string, ComposedDocument> _composed = Index(composed);

    public void Check()
    {
        bool isWhole = true;
        foreach (ComposedDocument document in composed)
        {
            isWhole &= CheckNames(document);
        }

        foreach (ComposedDocument document in composed)
        {
            isWhole &= _heights.ContainsKey(document.Name) || CheckNesting(document, depth: 1);
        }

        if (isWhole)
        {
            new ComposedChecks(faults, services, _composed, aiServices).Check();
        }
    }

    private static Dictionary<string, ComposedDocument> Index(List<ComposedDocument> documents)
    {
        var index = new Dictionary<string, ComposedDocument>(documents.Count);
        foreach (ComposedDocument document in documents)
        {
            index.Add(document.Name, document);
        }

        return index;
    }

    private bool CheckNames(ComposedDocument document)
    {
        bool isWhole = true;
        foreach (PlacedMember member in document.Members)
        {
            Placed<string> name = member.Name;
            if (names.TryFind(name.Value, out _))
            {
                continue;
            }

            isWhole = false;
            if (!faults.HasSyntaxFault)
            {
                var known = new List<string>(names.Entries.Count);
                foreach (TomlEntry entry in names.Entries)
                {
                    known.Add(entry.Key);
                }

                faults.Add(name.Node, document.Path,
                    $"there is no service {name.Node.Describe()}{NearestWord.Hint(name.Value, known)}");
            }
        }

        return isWhole;
    }

    // Depth first; the depth bounds the recursion, and each service is looked into once.
    private bool CheckNesting(ComposedDocument document, int depth)
    {
        _heights[document.Name] = UnderWay;
        bool isWhole = true;
        int height = 1;
        foreach (PlacedMember member in document.Members)
        {
            if (!_composed.TryGetValue(member.Name.Value, out ComposedDocument? below))
            {
                continue;
            }

            bool isKnown = _heights.TryGetValue(below.Name, out int known);
            if (isKnown && known == UnderWay)
            {
                faults.Add(member.Name.Node, document.Path,
                    $"{member.Name.Node.Describe()} leads back to this service");
                isWhole = false;
                continue;
            }

            if (depth + (isKnown ? known : 1) > ComposedLimits.NestingMax)
            {
                faults.Add(member.Name.Node, document.Path,
                    $"is the {ComposedLimits.NestingMax + 1}th composed service within another; the most are "
                        + $"{ComposedLimits.NestingMax}");
                isWhole = false;
                continue;
            }

            isWhole &= isKnown || CheckNesting(below, depth + 1);
            height = System.Math.Max(height, 1 + _heights[below.Name]);
        }

        _heights[document.Name] = height;
        return isWhole;
    }
}
