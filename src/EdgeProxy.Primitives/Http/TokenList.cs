using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Walks the elements of a comma-separated field value, without surrounding whitespace; empty elements are passed over
/// (RFC 9110 section 5.6.1). It does not look into quoted strings, so it suits lists of tokens only.
/// </summary>
internal ref struct TokenList(ReadOnlySpan<byte> value)
{
    private ReadOnlySpan<byte> _rest = value;

    public ReadOnlySpan<byte> Current { get; private set; }

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            int comma = _rest.IndexOf((byte)',');
            Current = (comma < 0 ? _rest : _rest[..comma]).Trim(" \t"u8);
            _rest = comma < 0 ? default : _rest[(comma + 1)..];
            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
