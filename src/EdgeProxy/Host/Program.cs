using System;

namespace EdgeProxy.Host;

internal static class Program
{
    private static int Main(string[] args)
    {
        Console.WriteLine($"edgeproxy {args.Length}");
        return 0;
    }
}
