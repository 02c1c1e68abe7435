using System;
using System.Collections.Generic;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// Servers of one priority are a group; the lowest number comes first. A group takes part only while one before it has
/// too few usable servers. Immutable.
/// </summary>
internal sealed class PriorityGroups
{
    private readonly byte[] _groups;
    private readonly int[] _sizes;
    private readonly int _spillBelow;

    private PriorityGroups(byte[] groups, int[] sizes, int spillBelow)
    {
        _groups = groups;
        _sizes = sizes;
        _spillBelow = spillBelow;
    }

    public int Count => _sizes.Length;

    /// <summary>The group of the server at a place; 0 is asked first.</summary>
    public int this[int place] => _groups[place];

    /// <summary>Null if all servers have the same priority.</summary>
    public static PriorityGroups? Of(ServiceSettings settings)
    {
        var priorities = new SortedSet<int>();
        foreach (ServerSettings server in settings.Servers)
        {
            priorities.Add(server.Priority);
        }

        if (priorities.Count < 2)
        {
            return null;
        }

        var order = new List<int>(priorities);
        byte[] groups = new byte[settings.Servers.Count];
        int[] sizes = new int[order.Count];
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = (byte)order.IndexOf(settings.Servers[i].Priority);
            sizes[groups[i]]++;
        }

        return new PriorityGroups(groups, sizes, settings.SpillBelow);
    }

    /// <summary>The last group that takes part: the first with enough usable servers, with all before it.</summary>
    public int LastNeeded(Server[] servers, long nowMs)
    {
        Span<int> usable = stackalloc int[ServiceLimits.PriorityMax + 1];
        usable.Clear();
        for (int i = 0; i < servers.Length; i++)
        {
            usable[_groups[i]] += servers[i].IsUsable(nowMs) ? 1 : 0;
        }

        for (int group = 0; group < _sizes.Length; group++)
        {
            if (usable[group] * 100 >= _spillBelow * _sizes[group])
            {
                return group;
            }
        }

        return _sizes.Length - 1;
    }
}
