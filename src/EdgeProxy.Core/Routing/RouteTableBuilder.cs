using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>Two routers that take the same requests at the same priority.</summary>
internal readonly record struct RouteConflict(int First, int Second, string Message);

/// <summary>Collects the routers of one entrypoint and compiles them; slow and mutable, so that the table can be neither.</summary>
internal sealed class RouteTableBuilder
{
    /// <summary><paramref name="route"/> is the number <see cref="RouteTable.Match"/> will answer.</summary>
    public void Add(int route, Rule rule, int? priority) => throw new NotSupportedException();

    public RouteTable Build(out IReadOnlyList<RouteConflict> conflicts) => throw new NotSupportedException();
}
