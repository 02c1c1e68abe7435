using System;
using System.Buffers;

namespace EdgeProxy.Config.Values;

/// <summary>Names of entrypoints, routers and services: they become labels of metrics and parts of keys.</summary>
internal static class NameText
{
    public const string Accepts = "write 1 to 64 letters, digits, - or _";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    public static bool IsName(string text) =>
        text.Length is > 0 and <= ConfigLimits.NameCharsMax && !text.AsSpan().ContainsAnyExcept(Allowed);
}
