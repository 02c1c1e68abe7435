using System.Collections.Generic;

namespace EdgeProxy.Pipeline.Mirroring;

/// <summary>The spare copies of a loop; its own, so nothing here is locked.</summary>
internal sealed class MirrorCalls(Shard shard)
{
    // As many as a service may have under way without being told otherwise.
    private const int SparesMax = 64;

    private readonly Stack<MirrorCall> _spares = new();

    public MirrorCall Rent() => _spares.TryPop(out MirrorCall? call) ? call : new MirrorCall(shard);

    public void Return(MirrorCall call)
    {
        if (_spares.Count < SparesMax)
        {
            _spares.Push(call);
        }
    }
}
