using System;
using System.Buffers;

namespace EdgeProxy.Primitives.Collections;

/// <summary>Room for the length of a call: the caller's stack if it is enough, else rented until disposed.</summary>
internal readonly ref struct Scratch<T>
{
    private readonly T[]? _rented;

    /// <param name="stack">The caller's.</param>
    /// <param name="length">Elements wanted.</param>
    public Scratch(Span<T> stack, int length)
    {
        _rented = length <= stack.Length ? null : ArrayPool<T>.Shared.Rent(length);
        Span = (_rented is null ? stack : _rented)[..length];
    }

    /// <summary>As long as was wanted; holds anything.</summary>
    public Span<T> Span { get; }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<T>.Shared.Return(_rented);
        }
    }
}
