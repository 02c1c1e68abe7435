using System;
using System.Collections.Generic;
using System.Net;

namespace EdgeProxy.Services.Naming;

/// <summary>What is known of a name.</summary>
/// <param name="Addresses">Empty if there are none, or nobody could say.</param>
/// <param name="Ttl">How long it holds.</param>
/// <param name="Problem">Why there are none; "" if there are some.</param>
internal sealed record NameAnswer(IReadOnlyList<IPAddress> Addresses, TimeSpan Ttl, string Problem)
{
    public static NameAnswer Failed(string problem) => new([], TimeSpan.Zero, problem);
}
