namespace EdgeProxy.Routing;

/// <summary>
/// What one router made of a request, and why: the conjunction that took it, or the first matcher that did not hold.
/// </summary>
internal readonly record struct RouteVerdict(int Route, bool Matches, string Reason);
