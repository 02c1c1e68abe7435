using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Services.Breaking;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.circuit_breaker]</summary>
internal static class BreakerTable
{
    private static readonly ExpressionKey Expression = new("expression",
        "When it opens, in Traefik's words, about the last 10 s: NetworkErrorRatio(), tries without an answer; "
            + "ResponseCodeRatio(from, to, from, to), statuses divided by statuses, each up to before the second; "
            + "LatencyAtQuantileMS(50.0), how long answers take to begin; with > >= < <= == != && || ! and brackets.")
    {
        IsRequired = true,
        ExampleToml = "\"NetworkErrorRatio() > 0.3 || ResponseCodeRatio(500, 600, 0, 600) > 0.5\"",
    };

    private static readonly DurationKey CheckPeriod = Duration("check_period", BreakerLimits.CheckPeriodMin,
        BreakerLimits.CheckPeriodMax, BreakerLimits.CheckPeriodDefault, "How often the expression is looked at.");

    private static readonly DurationKey FallbackDuration = Duration("fallback_duration", BreakerLimits.DurationMin,
        BreakerLimits.DurationMax, BreakerLimits.FallbackDurationDefault,
        "How long it stays open. Requests are answered with 503 meanwhile, and a failover falls back.");

    private static readonly DurationKey RecoveryDuration = Duration("recovery_duration", BreakerLimits.DurationMin,
        BreakerLimits.DurationMax, BreakerLimits.RecoveryDurationDefault,
        "Over this time the share of requests that pass then grows from none to all, unless the expression is true "
            + "of them.");

    private static readonly IntegerKey RequestsMin = new("requests_min", 1, BreakerLimits.RequestsMinMax, "requests",
        "With fewer in the last 10 s the expression is not looked at; while it recovers each one tells.")
    {
        Default = BreakerLimits.RequestsMinDefault,
        DefaultToml = BreakerLimits.RequestsMinDefault.ToString(CultureInfo.InvariantCulture),
    };

    public static TableDeclaration Declaration { get; } = new("circuit_breaker", IsNamed: false,
        "Keeps requests from a service that does not answer them well, for a while.",
        [Expression, CheckPeriod, FallbackDuration, RecoveryDuration, RequestsMin]);

    /// <summary>Null if there is none, or it has no expression.</summary>
    public static BreakerSettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        BreakerExpression? expression = Expression.Read(scope);
        TimeSpan checkPeriod = CheckPeriod.Read(scope);
        TimeSpan fallback = FallbackDuration.Read(scope);
        TimeSpan recovery = RecoveryDuration.Read(scope);
        int requests = RequestsMin.ReadValue(scope);
        return expression is null ? null : new BreakerSettings
        {
            Expression = expression,
            CheckPeriod = checkPeriod,
            FallbackDuration = fallback,
            RecoveryDuration = recovery,
            RequestsMin = requests,
        };
    }

    private static DurationKey Duration(string name, TimeSpan min, TimeSpan max, TimeSpan standard, string doc) =>
        new(name, min, max, doc)
        {
            Default = standard,
            DefaultToml = $"\"{DurationText.Format(standard)}\"",
        };

    private sealed class ExpressionKey(string name, string doc) : Key<BreakerExpression?>(name, doc)
    {
        public override string TypeText => "expression";

        public override string Accepts => "write for example \"NetworkErrorRatio() > 0.3\"";

        public override string Range =>
            $"up to {BreakerLimits.ExpressionCharsMax} characters, {BreakerLimits.TermsMax} functions";

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out BreakerExpression? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (text.Length > BreakerLimits.ExpressionCharsMax)
            {
                scope.Report(node, Name, $"is longer than {BreakerLimits.ExpressionCharsMax} characters");
                return false;
            }

            value = BreakerParser.Parse(text, out string error, out int column);
            if (value is not null)
            {
                return true;
            }

            var written = (TomlString)node;
            bool isAsWritten = string.Equals(text, written.Value, StringComparison.Ordinal);
            (int line, int at) = TomlStringPlace.Of(written, isAsWritten ? column : 0);

            // The parser quotes what it read, and what was filled in may be a secret.
            scope.Report(node, line, at, Name, isAsWritten
                ? ConfigText.Shorten(error, ConfigLimits.RuleMessageCharsMax)
                : "is no expression with its ${...} filled in");
            return false;
        }
    }
}
