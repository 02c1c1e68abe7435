using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Ai;

/// <summary>
/// What each loop knows of a model at a provider: calls under way, and how long an answer takes to begin. Streams are
/// timed to their first word, other answers to their head, which comes once they are complete: the two do not compare.
/// Kept over configurations that go on naming both.
/// </summary>
internal sealed class TargetLoads
{
    // Calls of models are far apart: what one took says something for longer than with requests (2 s there).
    private const int MemoryMs = 30_000;

    private readonly ServerLoad[] _streams;
    private readonly ServerLoad[] _others;

    public TargetLoads(int loopCount)
    {
        _streams = new ServerLoad[loopCount];
        _others = new ServerLoad[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            _streams[i] = new ServerLoad(MemoryMs);
            _others[i] = new ServerLoad(MemoryMs);
        }
    }

    public ServerLoad Of(int loop, bool isStream) => (isStream ? _streams : _others)[loop];

    /// <summary>Calls of the loop under way, of both kinds.</summary>
    public int InFlight(int loop) => _streams[loop].InFlight + _others[loop].InFlight;
}
