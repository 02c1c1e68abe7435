using System;
using System.Text;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Routing;

/// <summary>
/// Brings the host of a rule into the form the hosts of requests have: ASCII, lower case, no final dot, no port.
/// </summary>
internal static class HostText
{
    private const string WildcardStart = "*.";

    /// <summary>The part after the first dot; empty when there is none or the first label is empty.</summary>
    public static ReadOnlySpan<byte> AfterFirstLabel(ReadOnlySpan<byte> host)
    {
        int dot = host.IndexOf((byte)'.');
        return dot > 0 ? host[(dot + 1)..] : [];
    }

    /// <summary>The canonical host, or null and what is wrong with it.</summary>
    public static string? Canonical(string text, out string problem)
    {
        problem = Problem(text);
        if (problem.Length > 0)
        {
            return null;
        }

        string lower = text.ToLowerInvariant();
        return lower.Length > 1 && lower[^1] == '.' ? lower[..^1] : lower;
    }

    private static string Problem(string text)
    {
        if (text.Length == 0)
        {
            return "the host is empty; Host(`*`) takes every host";
        }

        if (text == "*")
        {
            return "";
        }

        if (!Ascii.IsValid(text))
        {
            return $"host '{text}' is not ASCII, and clients send the xn-- form of such names; write that";
        }

        if (text[0] == '[')
        {
            return text[^1] == ']' && text.Contains(':', StringComparison.Ordinal)
                && IpAddress.TryParse(Encoding.ASCII.GetBytes(text[1..^1]), out _)
                ? ""
                : $"host '{text}' is not an IPv6 address in brackets";
        }

        bool wildcard = text.StartsWith(WildcardStart, StringComparison.Ordinal);
        string name = wildcard ? text[WildcardStart.Length..] : text;
        name = name.Length > 1 && name[^1] == '.' ? name[..^1] : name;
        if (name.Length > RuleLimits.HostCharsMax)
        {
            return $"host '{text}' is longer than {RuleLimits.HostCharsMax} characters";
        }

        foreach (string label in name.Split('.'))
        {
            if (LabelProblem(label) is { } problem)
            {
                return $"host '{text}' {problem}";
            }
        }

        return "";
    }

    // RFC 1123 section 2.1, plus '_', which container networks use in names.
    private static string? LabelProblem(string label)
    {
        if (label.Length == 0)
        {
            return "has an empty label";
        }

        if (label.Length > RuleLimits.LabelCharsMax)
        {
            return $"has a label longer than {RuleLimits.LabelCharsMax} characters";
        }

        foreach (char c in label)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            {
                continue;
            }

            return c switch
            {
                '*' => "has a '*' that is not the whole first label; write *.example.com or HostRegexp",
                ':' => "has a port; rules see the host alone, the entrypoint decides the port",
                '/' => "is not a host alone; Path and PathPrefix match what follows",
                '{' or '}' => "has braces, which were Traefik v1 and v2; write HostRegexp",
                _ => $"has '{c}', which no host has",
            };
        }

        return null;
    }
}
