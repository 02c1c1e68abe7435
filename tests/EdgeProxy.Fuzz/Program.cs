using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using EdgeProxy.Fuzz.Targets;
using SharpFuzz;

namespace EdgeProxy.Fuzz;

/// <summary>
/// <c>EdgeProxy.Fuzz TARGET</c> under AFL (stdin), <c>EdgeProxy.Fuzz TARGET FILE...</c> to run inputs again,
/// <c>--libfuzzer TARGET</c>, and <c>--run TARGET|all SECONDS [SEED]</c> without any tool.
/// </summary>
internal static class Program
{
    private const int WrongUsage = 2;

    // One line per reader that takes bytes from outside.
    private static readonly FuzzTarget[] Targets =
    [
        new RequestHeadTarget(),
        new ResponseHeadTarget(),
        new ChunkedTarget(),
        new CanonicalPathTarget(),
        new QueryTarget(),
        new AddressTarget(),
        new ProxyHeaderTarget(),
        new RuleTarget(),
        new TomlTarget(),
        new JsonTarget(),
        new SseTarget(),
        new HpackTarget(),
        new DnsTarget(),
    ];

    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["--run", string name, string seconds, ..]:
                ulong seed = args.Length > 3
                    ? ulong.Parse(args[3], CultureInfo.InvariantCulture)
                    : (ulong)Stopwatch.GetTimestamp();
                return Run(name, double.Parse(seconds, CultureInfo.InvariantCulture), seed, Console.Out);

            case ["--libfuzzer", string name] when Find(name) is { } target:
                Fuzzer.LibFuzzer.Run(input => target.Run(input));
                return 0;

            case [string name] when Find(name) is { } target:
                Fuzzer.OutOfProcess.Run(stream => target.Run(ReadAll(stream)));
                return 0;

            case [string name, .. string[] files] when Find(name) is { } target:
                foreach (string file in files)
                {
                    Console.WriteLine($"{file}: {target.Run(File.ReadAllBytes(file))}");
                }

                return 0;

            default:
                Console.Error.WriteLine(
                    "usage: EdgeProxy.Fuzz TARGET [FILE...] | --libfuzzer TARGET | --run TARGET|all SECONDS [SEED]");
                Console.Error.WriteLine("targets: " + string.Join(' ', Names()));
                return WrongUsage;
        }
    }

    /// <summary>Each target, or one, for so long or so many inputs; 0 if there was nothing to find.</summary>
    public static int Run(string name, double seconds, ulong seed, TextWriter output, long runsMax = long.MaxValue)
    {
        if (name != "all" && Find(name) is null)
        {
            Console.Error.WriteLine($"no target {name}; there are: {string.Join(' ', Names())}");
            return WrongUsage;
        }

        int code = 0;
        foreach (FuzzTarget target in Targets)
        {
            if (name == "all" || name == target.Name)
            {
                code |= FuzzRun.For(target, TimeSpan.FromSeconds(seconds), seed, output, runsMax);
            }
        }

        return code;
    }

    private static FuzzTarget? Find(string name) => Array.Find(Targets, target => target.Name == name);

    private static IEnumerable<string> Names()
    {
        foreach (FuzzTarget target in Targets)
        {
            yield return target.Name;
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
