using System;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.passive_health_check]</summary>
internal static class PassiveHealthTable
{
    private static readonly TimeSpan DurationMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DurationMax = TimeSpan.FromHours(24);

    private static readonly IntegerKey ConsecutiveFaults = Number("consecutive_faults", 0,
        HealthLimits.ConsecutiveFaultsMax, HealthLimits.ConsecutiveFaultsDefault, "faults", "off",
        "Faults in a row that eject a server.");

    private static readonly IntegerKey FaultShare = Number("fault_share_max", 0, 100,
        HealthLimits.FaultShareDefault, "percent", "off",
        "Share of a window's requests that may come to a fault. Over it the server is ejected.");

    private static readonly IntegerKey RequestsMin = Number("requests_min", 1,
        HealthLimits.RequestsMinMax, HealthLimits.RequestsMinDefault, "requests", null,
        "Requests of a window below which its share of faults says nothing.");

    private static readonly DurationKey Window = Duration("window", HealthLimits.WindowDefault, null,
        "What the share of faults is counted over.");

    private static readonly DurationKey LatencyMax = Duration("latency_max", TimeSpan.Zero, "no limit",
        "An answer that takes longer to begin is a fault.");

    private static readonly StatusListKey Statuses = new("statuses", "Statuses that are faults.")
    {
        DefaultToml = "[\"502-504\"]",
    };

    private static readonly DurationKey EjectionTime = Duration("ejection_time", HealthLimits.EjectionTimeDefault,
        null, "How long a server gets no requests the first time; it doubles with each ejection that follows.");

    private static readonly DurationKey EjectionTimeMax = Duration("ejection_time_max",
        HealthLimits.EjectionTimeMaxDefault, null, "The most it doubles to.");

    private static readonly IntegerKey EjectedShare = Number("ejected_share_max", 0, 100,
        HealthLimits.EjectedShareDefault, "percent", "none, so faults are counted only",
        "Share of the servers, rounded down, that may be ejected at a time. What would go over it stays in use.");

    public static TableDeclaration Declaration { get; } = new("passive_health_check", IsNamed: false,
        "Watches what happens to requests: a connection that fails, no answer in time, one cut short or not HTTP, a "
            + "status that says so are faults of their server. One with too many is ejected for a while.",
        [
            ConsecutiveFaults, FaultShare, RequestsMin, Window, LatencyMax, Statuses, EjectionTime, EjectionTimeMax,
            EjectedShare,
        ])
    {
        ExampleToml = """
            [services.app.passive_health_check]
            consecutive_faults = 3
            latency_max = "2s"
            """,
    };

    /// <summary>Null if there is none, or it is no table.</summary>
    public static PassiveHealthSettings? Parse(TableScope parent) =>
        parent.Below(Declaration) is not { } scope
            ? null
            : new PassiveHealthSettings
            {
                ConsecutiveFaults = ConsecutiveFaults.ReadValue(scope),
                FaultShareMax = FaultShare.ReadValue(scope),
                RequestsMin = RequestsMin.ReadValue(scope),
                Window = Window.Read(scope),
                LatencyMax = LatencyMax.Read(scope),
                Statuses = Statuses.ReadSet(scope, HealthLimits.FaultStatusesDefault),
                EjectionTime = EjectionTime.Read(scope),
                EjectionTimeMax = EjectionTimeMax.Read(scope),
                EjectedShareMax = EjectedShare.ReadValue(scope),
            };

    private static IntegerKey Number(
        string name, int min, int max, int standard, string unit, string? zero, string doc) =>
        new(name, min, max, unit, doc)
        {
            Default = standard,
            DefaultToml = standard.ToString(CultureInfo.InvariantCulture),
            ZeroMeans = zero,
        };

    private static DurationKey Duration(string name, TimeSpan standard, string? zero, string doc) =>
        new(name, DurationMin, DurationMax, doc)
        {
            Default = standard,
            DefaultToml = $"\"{DurationText.Format(standard)}\"",
            ZeroMeans = zero,
        };
}
