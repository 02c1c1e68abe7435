using System;
using System.Net;
using System.Threading.Tasks;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Pipeline;

/// <summary>An answer the proxy gives itself.</summary>
/// <param name="Status">200 to 599.</param>
/// <param name="ContentType">Value of Content-Type.</param>
/// <param name="Allow">Value of Allow for a 405, else empty.</param>
/// <remarks>Further fields go into the exchange's ResponseEdits.</remarks>
internal sealed record LocalAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body, string Allow = "")
{
    /// <summary>Field lines besides, each ended by CR LF.</summary>
    public string Fields { get; init; } = "";

    /// <summary>RFC 9110 sections 8.6 and 15.4.5: neither has a body or a length.</summary>
    public bool IsBodiless => Status is 204 or 304;
}

/// <summary>
/// The few things of a request a <see cref="ILocalService"/> may look at, copied out of the exchange.
/// </summary>
internal sealed record LocalRequest(string Method, string Path, string Query, string Host, bool HasOrigin)
{
    public string Accept { get; init; } = "";

    /// <summary>The value of Authorization; a credential.</summary>
    public string Authorization { get; init; } = "";

    /// <summary>Where it was accepted; null if by no socket.</summary>
    public IPEndPoint? At { get; init; }

    /// <summary>The address it came from.</summary>
    public string Client { get; init; } = "";

    /// <summary>Read whole.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }
}

/// <summary>
/// A service inside the proxy (the admin API): answers instead of a server. Called on a loop, so it MUST NOT block;
/// slow work
/// goes on elsewhere and the task completes later.
/// </summary>
internal interface ILocalService
{
    ValueTask<LocalAnswer> AnswerAsync(LocalRequest request);

    /// <summary>Why it answers nothing, told before the body is read; null if it does.</summary>
    LocalAnswer? TurnAway(LocalRequest request) => null;

    /// <summary>Longest body that is read for a path; over it: 413.</summary>
    int BodyBytesMaxOf(string path) => 64 * 1024;

    /// <summary>Memory for all bodies that are read at once; over it: 503.</summary>
    BodyBudget? Bodies => null;
}
