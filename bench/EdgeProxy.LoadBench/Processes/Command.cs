using System.Collections.Generic;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>A program, what it is told, and variables of its environment.</summary>
internal sealed record Command(
    string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string>? Environment = null);
