using System;

namespace EdgeProxy.Services.Breaking;

/// <summary>What a term of an expression is; Traefik's names.</summary>
internal enum BreakerTermKind : byte
{
    NetworkErrorRatio,
    ResponseCodeRatio,
    LatencyAtQuantileMs,
}

/// <summary>One function of an expression.</summary>
/// <param name="From">ResponseCodeRatio: the statuses counted, from this on,</param>
/// <param name="To">to before this,</param>
/// <param name="OfFrom">of those from this on</param>
/// <param name="OfTo">to before this.</param>
/// <param name="Quantile">LatencyAtQuantileMS: above 0 to 100.</param>
internal readonly record struct BreakerTerm(
    BreakerTermKind Kind, int From = 0, int To = 0, int OfFrom = 0, int OfTo = 0, double Quantile = 0);

/// <summary>An expression of a circuit breaker, read. Equal to another of the same text.</summary>
internal sealed class BreakerExpression(string text, BreakerTerm[] terms, BreakerTest test)
    : IEquatable<BreakerExpression>
{
    public string Text { get; } = text;

    public ReadOnlySpan<BreakerTerm> Terms => terms;

    /// <summary>It has a quantile, so how long answers take is counted.</summary>
    public bool HasLatency { get; } =
        Array.Exists(terms, static term => term.Kind == BreakerTermKind.LatencyAtQuantileMs);

    /// <param name="values">Of its terms, in their order.</param>
    public bool IsTrue(ReadOnlySpan<double> values) => test.IsTrue(values);

    public bool Equals(BreakerExpression? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as BreakerExpression);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}

/// <summary>A part of an expression that is true or not.</summary>
internal abstract class BreakerTest
{
    public abstract bool IsTrue(ReadOnlySpan<double> values);
}

/// <summary>A term beside a number.</summary>
/// <param name="term">The term's place.</param>
internal sealed class BreakerComparison(int term, string sign, double number) : BreakerTest
{
    public override bool IsTrue(ReadOnlySpan<double> values) => sign switch
    {
        ">" => values[term] > number,
        ">=" => values[term] >= number,
        "<" => values[term] < number,
        "<=" => values[term] <= number,
        "==" => values[term] == number,
        _ => values[term] != number,
    };
}

/// <summary>Both, or one of them.</summary>
internal sealed class BreakerPair(BreakerTest left, bool isBoth, BreakerTest right) : BreakerTest
{
    public override bool IsTrue(ReadOnlySpan<double> values) => isBoth
        ? left.IsTrue(values) && right.IsTrue(values)
        : left.IsTrue(values) || right.IsTrue(values);
}

/// <summary>The opposite.</summary>
internal sealed class BreakerNegation(BreakerTest test) : BreakerTest
{
    public override bool IsTrue(ReadOnlySpan<double> values) => !test.IsTrue(values);
}
