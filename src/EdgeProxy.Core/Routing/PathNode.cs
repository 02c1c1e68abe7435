namespace EdgeProxy.Routing;

/// <summary>
/// One node of a <see cref="PathTrie"/>. Its leaves lie in one array: first those that want the path to end here, then
/// those that want a segment to end here, then those that want nothing more; so what a path may ask is always the tail
/// of the three.
/// </summary>
/// <param name="LabelStart">The bytes that lead here from the parent.</param>
/// <param name="FirstChild">Children lie side by side.</param>
/// <param name="BestRank">The lowest rank in this node and below: nothing here can beat a lower one.</param>
internal readonly record struct PathNode(
    int LabelStart,
    int LabelLength,
    int FirstChild,
    int ChildCount,
    int LeavesStart,
    int ExactEnd,
    int SegmentEnd,
    int LeavesEnd,
    int BestRank);

/// <summary>One conjunction where its host and path led: what is left to ask. The lowest rank wins.</summary>
/// <param name="Methods">Bit per <see cref="Primitives.Http.Method"/>.</param>
internal readonly record struct RouteLeaf(int Rank, ushort Methods, ushort LiteralCount, int LiteralStart);
