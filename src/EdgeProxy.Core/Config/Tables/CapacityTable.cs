using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Services;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.capacity]</summary>
internal static class CapacityTable
{
    private static readonly IntegerKey RequestsMax = new("requests_max", 1, CapacityLimits.RequestsMax, "requests",
        "Requests at one server at a time, over all loops; each has a connection of its own.")
    {
        IsRequired = true,
        ExampleToml = "100",
    };

    private static readonly IntegerKey QueueMax = new("queue_max", 0, CapacityLimits.QueueMax, "requests",
        "Requests that may wait when all servers are at their limit, per loop. Over it: 503.")
    {
        Default = CapacityLimits.QueueDefault,
        DefaultToml = CapacityLimits.QueueDefault.ToString(CultureInfo.InvariantCulture),
        ZeroMeans = "none",
    };

    private static readonly DurationKey QueueTimeout = new("queue_timeout", CapacityLimits.QueueTimeoutMin,
        CapacityLimits.QueueTimeoutMax, "The longest they wait. Over it: 503.")
    {
        Default = CapacityLimits.QueueTimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(CapacityLimits.QueueTimeoutDefault)}\"",
    };

    public static TableDeclaration Declaration { get; } = new("capacity", IsNamed: false,
        "Limits what each server gets at a time; others wait for their turn, first come, first served.",
        [RequestsMax, QueueMax, QueueTimeout]);

    /// <summary>Null if there is none, or it has no limit.</summary>
    public static CapacitySettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        int? requests = RequestsMax.Read(scope);
        int queue = QueueMax.ReadValue(scope);
        System.TimeSpan timeout = QueueTimeout.Read(scope);
        return requests is { } most
            ? new CapacitySettings { RequestsMax = most, QueueMax = queue, QueueTimeout = timeout }
            : null;
    }
}
