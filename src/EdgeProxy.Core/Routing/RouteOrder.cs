using System;

namespace EdgeProxy.Routing;

/// <summary>
/// Who is asked first, and so wins: the higher explicit priority, where none or 0 stands between the positive and the
/// negative ones; then the narrower conjunction; then the router that was added earlier (decision 0011).
/// </summary>
internal readonly record struct RouteOrder(int Priority, Specificity Specificity, int Sequence)
    : IComparable<RouteOrder>
{
    public int CompareTo(RouteOrder other)
    {
        int order = other.Priority.CompareTo(Priority);
        if (order == 0)
        {
            order = other.Specificity.CompareTo(Specificity);
        }

        return order != 0 ? order : Sequence.CompareTo(other.Sequence);
    }
}
