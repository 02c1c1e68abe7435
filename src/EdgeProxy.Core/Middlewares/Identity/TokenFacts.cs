using System;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>What a token whose signature is right says, as far as it matters here.</summary>
/// <param name="Begins">nbf, less the skew.</param>
/// <param name="Ends">exp, plus the skew.</param>
/// <param name="Consumer">Whom its claims prove; null: nobody the configuration names.</param>
/// <param name="IsAllowed">The claims that are asked for are there.</param>
/// <param name="Headers">Values of the headers that claims go to, in the order of the settings; empty: none.</param>
internal sealed record TokenFacts(
    DateTimeOffset Begins, DateTimeOffset Ends, Consumer? Consumer, bool IsAllowed, byte[][] Headers);
