using System;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Pipeline.Auditing;

/// <summary>Counts a body's bytes while they pass and, if it is wanted, hashes and keeps them. Reused.</summary>
internal sealed class BodyDigest
{
    private Sha256 _hash;
    private bool _isWanted;
    private CapturedBody? _kept;

    public long Count { get; private set; }

    public bool HasHash => _isWanted && Count > 0;

    /// <param name="kept">Where its beginning is kept; null if it is not.</param>
    public void Begin(bool takesHash, CapturedBody? kept = null)
    {
        _kept = kept;
        _isWanted = takesHash;
        if (takesHash)
        {
            _hash.Begin();
        }
    }

    public void Take(ReadOnlySpan<byte> bytes)
    {
        Count += bytes.Length;
        _kept?.Take(bytes);
        if (_isWanted)
        {
            _hash.Append(bytes);
        }
    }

    public void KeepNoMore() => _kept = null;

    /// <summary>From the beginning: the body is sent once more.</summary>
    public void Restart()
    {
        if (HasHash)
        {
            _hash.Begin();
        }

        _kept?.Reset();
        Count = 0;
    }

    /// <summary>SHA-256 of all that was taken; only if <see cref="HasHash"/>.</summary>
    public void Write(Span<byte> hash)
    {
        Sha256 ended = _hash; // what follows may be appended still
        ended.End(hash);
    }

    public void Reset()
    {
        _kept = null;
        Restart();
        _isWanted = false;
    }
}
