using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Tidy;

/// <summary>
/// A method with a body in braces: where it starts and how long it is, signature and braces included.
/// </summary>
internal sealed record MethodSize(string Name, int Line, int Lines);

/// <summary>Finds methods by their braces. Knows only as much C# as this takes: types, members, initialisers.</summary>
internal static partial class MethodSizes
{
    private enum Block
    {
        Namespace,
        Type,
        Method,
        Other,
    }

    public static IEnumerable<MethodSize> Of(SourceFile file)
    {
        string code = file.Code;
        var open = new Stack<(Block Kind, string Name, int Start)>();
        int headerStart = 0;
        int parentheses = 0;
        for (int i = 0; i < code.Length; i++)
        {
            switch (code[i])
            {
                case '(':
                    parentheses++;
                    break;
                case ')':
                    parentheses--;
                    break;
                case ';' when parentheses == 0:
                    headerStart = i + 1;
                    break;
                case '{':
                    string header = code[headerStart..i];
                    (Block kind, string name) = Classify(header, open);
                    open.Push((kind, name, headerStart + header.Length - header.TrimStart().Length));
                    headerStart = i + 1;
                    break;
                case '}' when open.Count > 0:
                    (Block Kind, string Name, int Start) block = open.Pop();
                    headerStart = i + 1;
                    if (block.Kind == Block.Method)
                    {
                        int line = file.LineAt(block.Start);
                        yield return new MethodSize(block.Name, line, file.LineAt(i) - line + 1);
                    }

                    break;
            }
        }
    }

    private static (Block Kind, string Name) Classify(string header, Stack<(Block Kind, string Name, int Start)> open)
    {
        string declared = Constraints().Replace(header, "");
        bool isAtTop = open.Count == 0 || open.Peek().Kind == Block.Namespace;
        bool isInType = !isAtTop && open.Peek().Kind == Block.Type;
        if ((isAtTop || isInType) && Types().Match(declared) is { Success: true } type)
        {
            return (Block.Type, type.Groups[1].Value);
        }

        if (isAtTop)
        {
            return (declared.Contains("namespace", StringComparison.Ordinal) ? Block.Namespace : Block.Other, "");
        }

        if (isInType && Members().Match(declared) is { Success: true } member && !IsInitialiser(declared))
        {
            return (Block.Method, $"{open.Peek().Name}.{member.Groups[1].Value}");
        }

        return (Block.Other, "");
    }

    /// <summary>A field's or property's "= new(...) {": an equals sign before any parenthesis, and no arrow.</summary>
    private static bool IsInitialiser(string header)
    {
        int equals = header.IndexOf('=', StringComparison.Ordinal);
        int parenthesis = header.IndexOf('(', StringComparison.Ordinal);
        return equals >= 0 && equals < parenthesis && !header.Contains("operator", StringComparison.Ordinal)
            && !(equals + 1 < header.Length && header[equals + 1] == '>');
    }

    [GeneratedRegex(@"\bwhere\s+\w+\s*:[^{=]*")]
    private static partial Regex Constraints();

    [GeneratedRegex(@"\b(?:class|struct|interface|record|enum)\s+(?!struct\b|class\b)(\w+)")]
    private static partial Regex Types();

    [GeneratedRegex(@"(\w+|operator\s*\S+?)\s*(?:<[^()<>\s]+(?:, ?[^()<>\s]+)*>)?\s*\(")]
    private static partial Regex Members();
}
