using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Whom to ask whether a request may pass, what it is told, and what is believed of its answer.</summary>
internal sealed record ForwardAuthSettings : IdentitySettings
{
    /// <summary>Requests that may be asked about at once; over it 503.</summary>
    public const int AskedMax = 1024;

    /// <summary>Body of a refusal in bytes; a longer one is a failure.</summary>
    public const int AnswerBytesMax = 64 * 1024;

    /// <summary>Header names and cookies in each list.</summary>
    public const int NamesMax = 64;

    public const int BodyBytesDefault = 64 * 1024;

    public const int BodyBytesMaxMax = 1024 * 1024;

    /// <summary>Memory for the bodies of requests that are asked about at once.</summary>
    public const int BodiesBytesMax = 64 * 1024 * 1024;

    public static TimeSpan TimeoutDefault { get; } = TimeSpan.FromSeconds(5);

    /// <summary>http or https, without a query.</summary>
    public required Uri Address { get; init; }

    /// <summary>Who signs the auth server's certificate; empty: whom the system trusts.</summary>
    public string CaPem { get; init; } = "";

    /// <summary>Fields of the client that the auth server is told.</summary>
    public required Sequence<FieldName> RequestHeaders { get; init; }

    /// <summary>Longest body the auth server is sent; 0: it is sent none.</summary>
    public int BodyBytesMax { get; init; }

    /// <summary>
    /// Fields of its 2xx that the server is told; the client's own of these names, in every spelling, are removed.
    /// </summary>
    public Sequence<FieldName> ResponseHeaders { get; init; } = Sequence<FieldName>.Empty;

    /// <summary>Fields of any other answer that the client is told.</summary>
    public required Sequence<FieldName> AnswerHeaders { get; init; }

    /// <summary>Cookies of its 2xx that the client is told with the server's answer.</summary>
    public Sequence<string> Cookies { get; init; } = Sequence<string>.Empty;

    /// <summary>The field of its 2xx that has the user's name, by which the consumer is found; null: none.</summary>
    public FieldName? UserHeader { get; init; }

    /// <summary>Connect, ask and read, all together.</summary>
    public TimeSpan Timeout { get; init; } = TimeoutDefault;

    /// <summary>How long a 2xx is believed for the same request; 0: not at all.</summary>
    public TimeSpan CacheTime { get; init; }

    /// <summary>What counts as the same request leaves method and URI out.</summary>
    public bool CachesByCredential { get; init; }

    /// <summary>Nobody decided: the request passes, as nobody's.</summary>
    public bool OpensOnFailure { get; init; }

    /// <summary>See <see cref="SourceAddress"/>.</summary>
    public int Depth { get; init; }
}
