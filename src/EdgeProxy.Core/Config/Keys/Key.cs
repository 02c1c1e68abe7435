using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>
/// A key of a table, declared once: parsing, the check for unknown keys, the reference and the default file all come
/// from it.
/// </summary>
internal abstract class Key(string name, string doc)
{
    public string Name { get; } = name;

    /// <summary>One sentence or two: what it is, and what happens over the limit.</summary>
    public string Doc { get; } = doc;

    public bool IsRequired { get; init; }

    /// <summary>One of several that are required together: the default file sets this one.</summary>
    public bool IsChosen { get; init; }

    /// <summary>Stands in the place of a chosen one: not beside it.</summary>
    public bool IsAlternative { get; init; }

    /// <summary>Its default as written in TOML; null if it has none.</summary>
    public string? DefaultToml { get; init; }

    /// <summary>A value as written in TOML, for keys without a default.</summary>
    public string? ExampleToml { get; init; }

    /// <summary>What is written there is shown to nobody.</summary>
    public virtual bool IsSecret => false;

    /// <summary>"duration", "size", ...</summary>
    public abstract string TypeText { get; }

    /// <summary>What is accepted, as a fault says it.</summary>
    public abstract string Accepts { get; }

    /// <summary>What is accepted, as the reference says it beside the type.</summary>
    public abstract string Range { get; }

    /// <summary>What an editor can check: a string, unless a kind of key says more.</summary>
    public virtual KeyShape Shape => KeyShape.Text;

    /// <summary>The keys of the tables that are its value, or the elements of its value; null for other keys.</summary>
    public TableDeclaration? Inner => Shape switch
    {
        TableShape table => table.Table,
        ListShape { Item: TableShape table } => table.Table,
        _ => null,
    };
}

/// <summary>A key with a value of <typeparamref name="T"/>.</summary>
internal abstract class Key<T>(string name, string doc) : Key(name, doc)
{
    /// <summary>Taken when the key is absent.</summary>
    [AllowNull]
    public T Default { get; init; } = default!;

    /// <summary>
    /// The value; the default if it is absent or at fault, which is then reported. Null only if required and absent.
    /// </summary>
    public T Read(TableScope scope)
    {
        if (!scope.TryFind(Name, out TomlEntry entry))
        {
            if (IsRequired)
            {
                scope.ReportMissing(this);
            }

            return Default;
        }

        return TryParse(entry.Value, scope, out T? value) ? value : Default;
    }

    /// <summary>False after reporting why.</summary>
    protected abstract bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out T value);

    /// <summary>Reports "found; accepted" and answers false.</summary>
    protected bool Refuse(TomlNode node, TableScope scope, string reason)
    {
        scope.Report(node, Name, $"{node.Describe()} {reason}; {Accepts}");
        return false;
    }

    /// <summary>
    /// Reports why a text will not do; if something was filled into it, only that: a reason may quote what may be a
    /// secret.
    /// </summary>
    protected bool RefuseText(TomlNode node, string text, TableScope scope, string reason)
    {
        bool isAsWritten = node is TomlString written && written.Value == text;
        return Refuse(node, scope, isAsWritten ? reason : "is not accepted with its ${...} filled in");
    }

    /// <summary>
    /// The string with its ${...} filled in; false, reported, if it is no string or one cannot be filled.
    /// </summary>
    protected bool TryText(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string text)
    {
        if (node is TomlString value)
        {
            return scope.TryFill(value, Name, out text);
        }

        text = null;
        return Refuse(node, scope, "is not a string");
    }
}
