using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.basic_auth]</summary>
internal static class BasicAuthTable
{
    private const int PathCharsMax = 4096; // PATH_MAX
    private const int FileBytesMax = 1024 * 1024;

    private static readonly UserHashListKey Users = new("users", "Who may pass.")
    {
        ExampleToml = "[\"alice:$2y$10$kWoWG5PJsYgsq9pEOGVPVO1hQrnwb.1Q5RRfTGx9Bzg3jQm8TTYYu\"]",
        IsChosen = true,
    };

    private static readonly TextKey UsersFile = new("users_file", PathCharsMax,
        "A file of lines alice:HASH, as htpasswd -B writes it, relative to the folder of the configuration. A change "
            + "of it is a reload.")
    {
        ExampleToml = "\"users\"",
        IsAlternative = true,
    };

    private static readonly FieldTextKey Realm = new("realm", "What the password is for, as browsers say it.")
    {
        Default = "edgeproxy",
        DefaultToml = "\"edgeproxy\"",
    };

    private static readonly HeaderNameKey UserHeader = new("user_header",
        "Tells the server the user's name. The client's own header of that name is removed, in every spelling.")
    {
        ExampleToml = "\"X-User\"",
    };

    private static readonly DurationKey CacheTime = new("cache_time", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1),
        "How long a password that was right is not hashed again.")
    {
        Default = BasicAuthSettings.CacheTimeDefault,
        DefaultToml = "\"1m\"",
        ZeroMeans = "never: each request costs a slow hash",
    };

    public static TableDeclaration Declaration { get; } = new("basic_auth", IsNamed: false,
        "Lets users pass that show their password (RFC 7617); 401 to others. Without TLS it can be read on the way.",
        [Users, UsersFile, Realm, UserHeader, CacheTime, .. IdentityKeys.Declared])
    {
        ExampleName = "login",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        var users = new List<UserSettings>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Placed<UserSettings> user in Users.Read(scope) ?? [])
        {
            if (known.Add(user.Value.Name))
            {
                users.Add(user.Value);
            }
            else
            {
                scope.Report(user.Node, Users.Name, "is a user's second hash");
            }
        }

        string? file = UsersFile.Read(scope);
        if (file is not null && scope.TryFind(UsersFile.Name, out TomlEntry entry))
        {
            ReadFile(scope, entry.Value, file, users, known);
        }
        else if (users.Count == 0 && !scope.TryFind(Users.Name, out _))
        {
            scope.Report(scope.Table, "", "lets nobody pass; write users or users_file");
        }

        return IdentityKeys.Read(scope, new BasicAuthSettings
        {
            Name = name,
            Users = new Sequence<UserSettings>(users),
            Realm = Realm.Read(scope),
            UserHeader = UserHeader.Read(scope),
            CacheTime = CacheTime.Read(scope),
        });
    }

    // Users of the table come first, as in Traefik.
    private static void ReadFile(
        TableScope scope, TomlNode node, string file, List<UserSettings> users, HashSet<string> known)
    {
        if (!scope.Files.TryRead(file, FileBytesMax, out string? text, out string? why))
        {
            scope.Report(node, UsersFile.Name, $"{node.Describe()} {why}");
            return;
        }

        int line = 0;
        var inFile = new HashSet<string>(StringComparer.Ordinal);
        foreach (ReadOnlySpan<char> written in text.AsSpan().EnumerateLines())
        {
            line++;
            ReadOnlySpan<char> trimmed = written.Trim();
            if (trimmed.IsEmpty || trimmed[0] == '#')
            {
                continue;
            }

            why = UserSettings.Refusal(trimmed.ToString(), out UserSettings? user);
            if (why is null && !inFile.Add(user!.Name))
            {
                why = "is a user's second hash";
            }

            if (why is not null)
            {
                scope.Report(node, UsersFile.Name, string.Create(CultureInfo.InvariantCulture,
                    $"line {line} of {node.Describe()} {why}; write alice:HASH, HASH {PasswordHash.Accepts}"));
            }
            else if (known.Add(user!.Name))
            {
                users.Add(user);
            }

            if (users.Count > BasicAuthSettings.UsersMax)
            {
                scope.Report(node, UsersFile.Name, $"has more than {BasicAuthSettings.UsersMax} users");
                return;
            }
        }

        if (users.Count == 0)
        {
            scope.Report(node, UsersFile.Name, $"{node.Describe()} has no user");
        }
    }
}
