using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Routing;

/// <summary>
/// A parsed rule: matchers joined by and, or, not. Text in it is already canonical (hosts lower-cased, paths
/// canonical). Two rules with the same canonical text are equal.
/// </summary>
internal abstract record Rule
{
    protected Rule(string text)
    {
        Text = text;
    }

    /// <summary>The rule as the parser would have it written.</summary>
    public string Text { get; }

    /// <summary>What the rule multiplies out to, kept by the parser so that the builder need not do it again.</summary>
    internal IReadOnlyList<Conjunction>? Expansion { get; set; }

    public virtual bool Equals(Rule? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public sealed override string ToString() => Text;

    /// <summary>"a &amp;&amp; b", with parentheses around parts that bind less tightly.</summary>
    protected static string Join(string operatorText, IReadOnlyList<Rule> parts)
    {
        var text = new StringBuilder();
        foreach (Rule part in parts)
        {
            if (text.Length > 0)
            {
                text.Append(operatorText);
            }

            bool grouped = part is OrRule or AndRule;
            text.Append(grouped ? "(" : "").Append(part.Text).Append(grouped ? ")" : "");
        }

        return text.ToString();
    }
}

/// <summary>Every part must hold; never fewer than two parts.</summary>
internal sealed record AndRule(IReadOnlyList<Rule> Parts) : Rule(Join(" && ", Parts))
{
    public bool Equals(AndRule? other) => base.Equals(other);

    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>At least one part must hold; never fewer than two parts.</summary>
internal sealed record OrRule(IReadOnlyList<Rule> Parts) : Rule(Join(" || ", Parts))
{
    public bool Equals(OrRule? other) => base.Equals(other);

    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>The inner rule must not hold.</summary>
internal sealed record NotRule(Rule Inner) : Rule(Inner is Matcher ? "!" + Inner.Text : "!(" + Inner.Text + ")")
{
    public bool Equals(NotRule? other) => base.Equals(other);

    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>Why a rule text is refused; the column counts from 1 within the text.</summary>
internal readonly record struct RuleError(int Column, string Message);
