using System.Collections.Concurrent;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// What was proved, for a time, by a hash of what proved it. Read by all loops without a lock. Bounded: over it those
/// that ended are forgotten, else any one for each that comes.
/// </summary>
/// <param name="countMax">Proofs kept.</param>
internal sealed class ProofCache<T>(int countMax)
    where T : class
{
    private readonly ConcurrentDictionary<Digest256, Entry> _entries = new();

    /// <param name="nowMs">In the loops' milliseconds.</param>
    /// <returns>Null: not proved, or not lately.</returns>
    public T? Find(Digest256 digest, long nowMs) =>
        _entries.TryGetValue(digest, out Entry entry) && nowMs < entry.EndsMs ? entry.Proof : null;

    public void Keep(Digest256 digest, T proof, long endsMs, long nowMs)
    {
        if (endsMs <= nowMs)
        {
            return;
        }

        if (_entries.Count >= countMax)
        {
            Forget(nowMs);
        }

        _entries[digest] = new Entry(proof, endsMs);
    }

    private void Forget(long nowMs)
    {
        Digest256? any = null;
        foreach ((Digest256 digest, Entry entry) in _entries)
        {
            any = digest;
            if (entry.EndsMs <= nowMs)
            {
                _entries.TryRemove(digest, out _);
            }
        }

        if (_entries.Count >= countMax && any is { } one)
        {
            _entries.TryRemove(one, out _);
        }
    }

    private readonly record struct Entry(T Proof, long EndsMs);
}
