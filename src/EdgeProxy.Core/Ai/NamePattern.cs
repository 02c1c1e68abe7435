using System;
using System.Text;

namespace EdgeProxy.Ai;

/// <summary>A model's name, or with a * at its end the beginning of many.</summary>
internal sealed class NamePattern
{
    private readonly byte[] _bytes;

    public NamePattern(string text)
    {
        Text = text;
        IsPrefix = text.EndsWith('*');
        _bytes = Encoding.UTF8.GetBytes(IsPrefix ? text[..^1] : text);
    }

    public string Text { get; }

    public bool IsPrefix { get; }

    /// <summary>Without the *.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool Matches(ReadOnlySpan<byte> name) => IsPrefix ? name.StartsWith(_bytes) : name.SequenceEqual(_bytes);
}
