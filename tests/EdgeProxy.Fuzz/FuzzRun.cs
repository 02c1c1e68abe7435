using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;

namespace EdgeProxy.Fuzz;

/// <summary>
/// A run without AFL: mutates seeds, keeps inputs that behave in a new way, stops at the time, at the count or at
/// findings.
/// </summary>
internal static class FuzzRun
{
    private const int FindingsMax = 5;

    /// <summary>Returns the exit code: 1 if there was a finding.</summary>
    public static int For(
        FuzzTarget target, TimeSpan time, ulong seed, TextWriter output, long runsMax = long.MaxValue)
    {
        output.WriteLine($"{target.Name}: seed {seed}, {time.TotalSeconds:0} s");
        List<byte[]> pool = [.. target.Seeds];
        var met = new HashSet<int>();
        var findings = new HashSet<string>();
        long runs = 0;
        foreach (byte[] input in pool)
        {
            Try(target, input, met, findings, output);
            runs++;
        }

        var mutator = new Mutator(seed, target.Words);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < time && runs < runsMax && findings.Count < FindingsMax)
        {
            byte[] input = mutator.Change(pool[mutator.Next(pool.Count)], pool[mutator.Next(pool.Count)]);
            if (Try(target, input, met, findings, output))
            {
                pool.Add(input);
            }

            runs++;
        }

        double rate = runs / Math.Max(clock.Elapsed.TotalSeconds, 0.001);
        output.WriteLine(
            $"{target.Name}: {runs} runs, {rate:0}/s, {pool.Count} inputs kept, "
            + $"{met.Count} behaviours, {findings.Count} findings");
        return findings.Count == 0 ? 0 : 1;
    }

    private static bool Try(
        FuzzTarget target, byte[] input, HashSet<int> met, HashSet<string> findings, TextWriter output)
    {
        try
        {
            return met.Add(target.Run(input));
        }
#pragma warning disable CA1031 // Any exception is a finding: malformed input is a value.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (findings.Add(exception.GetType().Name + exception.Message))
            {
                output.WriteLine($"FINDING {target.Name}: {exception}");
                output.WriteLine($"  input, base64: {Convert.ToBase64String(input)}");
            }

            return false;
        }
    }
}
