using System.Collections.Generic;
using EdgeProxy.LoadBench.Scenarios;

namespace EdgeProxy.LoadBench.Results;

/// <summary>A scenario with its cells, ours first, and a sentence of what the run found out on the way.</summary>
internal sealed record ScenarioResult(IScenario Scenario, IReadOnlyList<Cell> Cells)
{
    public string Remark { get; set; } = "";

    public Cell Ours => Cells[0];
}
