using System;

namespace EdgeProxy.Routing;

/// <summary>The compiled routers of one entrypoint: immutable, flat, read by all loops at once.</summary>
internal sealed class RouteTable
{
    /// <summary>The number of the router that takes the request, -1 if none does. Allocates nothing.</summary>
    public int Match(in RouteQuery query) => throw new NotSupportedException();
}
