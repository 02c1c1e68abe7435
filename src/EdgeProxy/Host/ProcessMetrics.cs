using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using EdgeProxy.Control;

namespace EdgeProxy.Host;

/// <summary>
/// The process and its garbage collector: names as Prometheus' client libraries and the .NET runtime's own instruments
/// (semantic conventions 1.44, .NET CLR metrics) have them.
/// </summary>
internal static class ProcessMetrics
{
    private const string Stat = "/proc/self/stat";
    private const string StatM = "/proc/self/statm";

    public static void Collect(ICollection<MetricSample> samples)
    {
        Add("process_resident_memory_bytes", "Resident memory.", MetricKind.Gauge, Pages(1));
        Add("process_virtual_memory_bytes", "Address space.", MetricKind.Gauge, Pages(0));
        Environment.ProcessCpuUsage cpu = Environment.CpuUsage;
        Add("process_cpu_seconds_total", "User and system time.", MetricKind.Counter, cpu.TotalTime.TotalSeconds);
        Add("process_start_time_seconds", "When it started.", MetricKind.Gauge, StartSeconds());
        Add("process_open_fds", "Open file descriptors.", MetricKind.Gauge, OpenFiles());
        Add("process_threads", "Threads of the operating system.", MetricKind.Gauge, Threads());
        Add("dotnet_gc_last_collection_memory_committed_bytes", "Memory the collector held after its last run.",
            MetricKind.Gauge, GC.GetGCMemoryInfo().TotalCommittedBytes);
        Add("dotnet_gc_pause_time_seconds_total", "Time all managed threads stood still for the collector.",
            MetricKind.Counter, GC.GetTotalPauseDuration().TotalSeconds);
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"gen{generation}");
            samples.Add(new MetricSample(
                "dotnet_gc_collections_total", "Runs of the garbage collector.", MetricKind.Counter,
                GC.CollectionCount(generation), [new MetricLabel("gc_heap_generation", name)]));
        }

        Add("dotnet_thread_pool_queue_length", "Work that waits for a thread of the pool.", MetricKind.Gauge,
            ThreadPool.PendingWorkItemCount);

        void Add(string family, string help, MetricKind kind, double value) =>
            samples.Add(new MetricSample(family, help, kind, value, []));
    }

    // proc(5), statm: pages in all, then resident ones.
    private static double Pages(int field)
    {
        string[] fields = Read(StatM).Split(' ');
        return fields.Length > field && long.TryParse(fields[field], out long pages)
            ? pages * (double)Environment.SystemPageSize
            : 0;
    }

    // proc(5), stat: field 20 is the number of threads, 22 the start in ticks of 1/100 s since boot. The name before
    // them, in brackets, may hold anything.
    private static string[] StatFields()
    {
        string text = Read(Stat);
        return text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static double Threads()
    {
        const int field = 17;
        string[] fields = StatFields();
        return fields.Length > field && long.TryParse(fields[field], out long threads) ? threads : 0;
    }

    private static double StartSeconds()
    {
        const int field = 19;
        const double ticksPerSecond = 100; // USER_HZ, on every Linux that .NET runs on
        string[] fields = StatFields();
        if (fields.Length <= field || !long.TryParse(fields[field], out long ticks))
        {
            return 0;
        }

        foreach (string line in Read("/proc/stat").Split('\n'))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan("btime ".Length), out long boot))
            {
                return boot + (ticks / ticksPerSecond);
            }
        }

        return 0;
    }

    private static int OpenFiles()
    {
        try
        {
            // The folder that is being read is one of them.
            return Directory.GetFileSystemEntries("/proc/self/fd").Length - 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
