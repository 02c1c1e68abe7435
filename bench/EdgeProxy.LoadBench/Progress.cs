using System;
using System.Diagnostics;
using System.Globalization;

namespace EdgeProxy.LoadBench;

/// <summary>What happens, on stderr, with the seconds since the start.</summary>
internal static class Progress
{
    private static readonly Stopwatch Clock = Stopwatch.StartNew();

    /// <summary>The seconds count from here.</summary>
    public static void Begin() => Clock.Restart();

    public static void Write(string text) =>
        Console.Error.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{Clock.Elapsed.TotalSeconds,6:0.0} s  {text}"));
}
