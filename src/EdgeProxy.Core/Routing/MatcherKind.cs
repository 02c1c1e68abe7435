namespace EdgeProxy.Routing;

/// <summary>What a matcher looks at, cheapest first: predicates of a route are asked in this order.</summary>
internal enum MatcherKind : byte
{
    /// <summary>Host(`*`): every request.</summary>
    AnyHost,
    Host,

    /// <summary>Host(`*.example.com`): exactly one label before the rest.</summary>
    HostWildcard,
    Path,
    PathPrefix,
    Method,
    ClientIp,
    Header,
    Query,
    HostRegexp,
    PathRegexp,
    HeaderRegexp,
    QueryRegexp,

    /// <summary>
    /// The model a call asks for: in its body, so it is asked last, by itself (<see cref="OpenRoutes"/>).
    /// </summary>
    Model,
}
