using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.ip_allow_list] and [middlewares.NAME.ip_deny_list]</summary>
internal static class IpListTable
{
    private const int FileBytesMax = 4 * 1024 * 1024;

    private static readonly NetworkListKey SourceRange = new("source_range", "Addresses and networks.")
    {
        IsChosen = true,
        NeedsItems = true, // allowing nobody, or denying nobody, is not what anyone means
        ExampleToml = "[\"10.0.0.0/8\"]",
    };

    private static readonly WordListKey SourceFiles = new("source_files", IpListSettings.FilesMax,
        "Files of addresses and networks, one a line, # before a comment, relative to the folder of the "
            + "configuration. A change of one is a reload.")
    {
        ExampleToml = "[\"partners.txt\"]",
        IsAlternative = true,
    };

    public static TableDeclaration Allow { get; } = new("ip_allow_list", IsNamed: false,
        "Only these addresses may ask; 403 to others.", [SourceRange, SourceFiles, DepthKey.Key])
    {
        ExampleName = "partners",
    };

    public static TableDeclaration Deny { get; } = new("ip_deny_list", IsNamed: false,
        "These addresses may not ask; 403 to them.", [SourceRange, SourceFiles, DepthKey.Key])
    {
        ExampleName = "blocked",
    };

    public static MiddlewareSettings? ParseAllow(string name, TableScope scope) => Parse(name, scope, true);

    public static MiddlewareSettings? ParseDeny(string name, TableScope scope) => Parse(name, scope, false);

    private static IpListSettings? Parse(string name, TableScope scope, bool isAllowing)
    {
        IReadOnlyList<Placed<IPNetwork>> range = SourceRange.Read(scope) ?? [];
        IReadOnlyList<Placed<string>> files = SourceFiles.Read(scope) ?? [];
        int depth = DepthKey.Key.ReadValue(scope);
        var networks = new List<IPNetwork>(range.Count);
        foreach (Placed<IPNetwork> network in range)
        {
            networks.Add(network.Value);
        }

        foreach (Placed<string> file in files)
        {
            ReadFile(scope, file, networks);
        }

        if (!scope.TryFind(SourceRange.Name, out _) && !scope.TryFind(SourceFiles.Name, out _))
        {
            scope.Report(scope.Table, "", "names nobody; write source_range or source_files");
        }

        if (networks.Count == 0)
        {
            return null;
        }

        return new IpListSettings
        {
            Name = name,
            Networks = new Sequence<IPNetwork>(networks),
            IsAllowing = isAllowing,
            Depth = depth,
        };
    }

    private static void ReadFile(TableScope scope, Placed<string> file, List<IPNetwork> networks)
    {
        if (!scope.Files.TryRead(file.Value, FileBytesMax, out string? text, out string? why))
        {
            scope.Report(file.Node, SourceFiles.Name, $"{file.Node.Describe()} {why}");
            return;
        }

        int line = 0;
        int before = networks.Count;
        foreach (ReadOnlySpan<char> written in text.AsSpan().EnumerateLines())
        {
            line++;
            int comment = written.IndexOf('#');
            ReadOnlySpan<char> entry = (comment < 0 ? written : written[..comment]).Trim();
            if (entry.IsEmpty)
            {
                continue;
            }

            why = AddressText.ParseNetwork(entry, out IPNetwork network);
            if (why is null && networks.Count < IpListSettings.NetworksMax)
            {
                networks.Add(network);
                continue;
            }

            why ??= FormattableString.Invariant($"is one more than {IpListSettings.NetworksMax}");
            scope.Report(file.Node, SourceFiles.Name, string.Create(CultureInfo.InvariantCulture,
                $"line {line} of {file.Node.Describe()} {why}; write one address or range a line"));
            return;
        }

        if (networks.Count == before)
        {
            scope.Report(file.Node, SourceFiles.Name, $"{file.Node.Describe()} names nobody");
        }
    }
}
