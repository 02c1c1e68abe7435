using System;
using CsCheck;
using Xunit;

namespace EdgeProxy.Tests;

/// <summary>
/// Properties over many cases: the same ones in every run, so that a run says something of the change before it and
/// nothing of luck. With EDGEPROXY_LONG=1 they are others each time, and what fails is made small.
/// </summary>
internal static class SameCases
{
    private const uint Stream = 1;
    private const ulong Seed = 20_260_901;
    private const long CasesDefault = 100;
    private static readonly bool s_areOthers = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1";

    public static void SampleSame<T>(
        this Gen<T> cases, Func<T, bool> holds, long iter = CasesDefault, Func<T, string>? print = null)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(holds);
        if (s_areOthers)
        {
            cases.Sample(holds, iter: iter, print: print);
            return;
        }

        Each(cases, one => Assert.True(holds(one), print?.Invoke(one) ?? $"{one}"), iter);
    }

    public static void SampleSame<T>(this Gen<T> cases, Action<T> check, long iter = CasesDefault, int threads = -1)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(check);
        if (s_areOthers)
        {
            cases.Sample(check, iter: iter, threads: threads);
            return;
        }

        Each(cases, check, iter);
    }

    public static void SampleSame<T1, T2>(
        this Gen<(T1, T2)> cases, Action<T1, T2> check, long iter = CasesDefault) =>
        cases.SampleSame(one => check(one.Item1, one.Item2), iter);

    public static void SampleSame<T1, T2, T3>(
        this Gen<(T1, T2, T3)> cases, Action<T1, T2, T3> check, long iter = CasesDefault) =>
        cases.SampleSame(one => check(one.Item1, one.Item2, one.Item3), iter);

    public static void SampleSame<T1, T2, T3, T4>(
        this Gen<(T1, T2, T3, T4)> cases, Action<T1, T2, T3, T4> check, long iter = CasesDefault) =>
        cases.SampleSame(one => check(one.Item1, one.Item2, one.Item3, one.Item4), iter);

    private static void Each<T>(Gen<T> cases, Action<T> check, long count)
    {
        var lots = new PCG(Stream, Seed);
        for (long number = 0; number < count; number++)
        {
            T one = cases.Generate(lots, null, out _);
            try
            {
                check(one);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"case {number} does not hold: {Check.Print(one)}", failure);
            }
        }
    }
}
