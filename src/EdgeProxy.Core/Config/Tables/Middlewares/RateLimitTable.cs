using System;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Limits;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.rate_limit]</summary>
internal static class RateLimitTable
{
    private static readonly IntegerKey Average = new("average", 1, RateLimitSettings.AverageMax, "requests",
        "Requests of one source per period, in the long run. Over it: 429 with Retry-After.")
    {
        IsRequired = true,
        ExampleToml = "100",
    };

    private static readonly DurationKey Period = new("period", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1),
        "What average counts in.")
    {
        Default = TimeSpan.FromSeconds(1),
        DefaultToml = "\"1s\"",
    };

    private static readonly IntegerKey Burst = new("burst", 1, RateLimitSettings.AverageMax, "requests",
        "Requests at once, after a quiet time. Without it: average.")
    {
        ExampleToml = "50",
    };

    private static readonly SourceKeys Source = new("client_ip", SourceKind.ClientIp);

    private static readonly BooleanKey Headers = new("headers", "Tell the client by RateLimit and RateLimit-Policy.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly BooleanKey ReportOnly = new("report_only", "Count what would be refused, refuse nothing.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("rate_limit", IsNamed: false,
        "Lets each source ask so often; routers that name it count together, and a reload goes on counting.",
        [Average, Period, Burst, .. Source.Declared, Headers, ReportOnly])
    {
        ExampleName = "limit",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        int? average = Average.Read(scope);
        TimeSpan period = Period.Read(scope);
        int? burst = Burst.Read(scope) ?? average;
        var settings = new RateLimitSettings
        {
            Name = name,
            Average = average ?? 1,
            Period = period,
            Burst = burst ?? 1,
            Source = Source.Read(scope),
            Keys = SourceKeys.ReadKeys(scope),
            HasHeaders = Headers.Read(scope),
            IsReportOnly = ReportOnly.Read(scope),
        };
        return average is null || !IsPossible(scope, settings) ? null : settings;
    }

    // What cannot work as written is a fault, not a surprise.
    private static bool IsPossible(TableScope scope, RateLimitSettings settings)
    {
        TomlNode at = scope.TryFind(Burst.Name, out TomlEntry entry) ? entry.Value : scope.Table;
        if (Gcra.RefillTime(settings.Average, settings.Period, settings.Burst) > Gcra.RefillMax)
        {
            scope.Report(at, Burst.Name, "takes longer to be there again than 31 days; write a smaller one");
            return false;
        }

        // Time is counted in milliseconds: in each of them a whole share must fit.
        int leastBurst = (int)Math.Ceiling(settings.Average / settings.Period.TotalMilliseconds);
        if (settings.Burst < leastBurst)
        {
            scope.Report(at, Burst.Name, string.Create(CultureInfo.InvariantCulture,
                $"is less than a millisecond's share of average; write at least {leastBurst}"));
            return false;
        }

        return true;
    }
}
