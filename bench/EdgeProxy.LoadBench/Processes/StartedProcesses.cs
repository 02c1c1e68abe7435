using System.Collections.Concurrent;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>Every program that runs because of us, so that none outlives us.</summary>
internal static class StartedProcesses
{
    private static readonly ConcurrentDictionary<ChildProcess, bool> Running = new();

    public static void Add(ChildProcess child) => Running[child] = true;

    public static void Remove(ChildProcess child) => Running.TryRemove(child, out _);

    public static void EndAll()
    {
        foreach (ChildProcess child in Running.Keys)
        {
            child.End();
        }
    }
}
