using System;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Services.Sticky;

/// <summary>With which requests of other sites a browser sends a cookie.</summary>
internal enum SameSite : byte
{
    Lax,
    Strict,
    None,
}

/// <summary>A service that gives a client the same server, or member, again, by a cookie.</summary>
internal sealed record StickySettings
{
    /// <summary>What cookies are signed with; not what the operator wrote, but derived from it. 32 bytes.</summary>
    public required Sequence<byte> Key { get; init; }

    /// <summary>A token; "" for one made of the service's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Null: as the client's own connection is.</summary>
    public bool? Secure { get; init; }

    /// <summary>Scripts do not see it.</summary>
    public bool HttpOnly { get; init; } = true;

    public SameSite SameSite { get; init; }

    /// <summary>"" for the host of the request and no other.</summary>
    public string Domain { get; init; } = "";

    public string Path { get; init; } = "/";

    /// <summary>0: until the browser is closed.</summary>
    public TimeSpan MaxAge { get; init; }
}

/// <summary>Named limits of sticky services.</summary>
internal static class StickyLimits
{
    public const int SecretCharsMin = 16;
    public const int SecretCharsMax = 256;
    public const int NameCharsMax = 64;
    public const int PathCharsMax = 256;
    public const int DomainCharsMax = 253;

    /// <summary>Browsers cap what they keep at 400 days.</summary>
    public static readonly TimeSpan MaxAgeMax = TimeSpan.FromDays(400);

    /// <summary>Cookies of the same name that are looked at in one request.</summary>
    public const int CookiesMax = 4;
}
