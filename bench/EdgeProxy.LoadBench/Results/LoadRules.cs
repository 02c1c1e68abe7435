using System;
using System.Collections.Generic;
using EdgeProxy.LoadBench.Generators;

namespace EdgeProxy.LoadBench.Results;

/// <summary>When a run means nothing.</summary>
internal static class LoadRules
{
    /// <summary>
    /// What is wrong with a run of wrk. Its bytes must be those of the answers it counted: more by what was under way
    /// at the end, and by <paramref name="slackBytes"/> per answer where heads are not all alike.
    /// </summary>
    public static IEnumerable<string> FlawsOf(
        WrkResult result, ProbeAnswer answer, int connections, int slackBytes = 0)
    {
        if (result.Requests == 0)
        {
            yield return "no request was answered";
        }

        if (result.BadStatus > 0)
        {
            yield return $"{result.BadStatus} bad statuses";
        }

        if (result.SocketErrors > 0)
        {
            yield return $"{result.SocketErrors} socket errors";
        }

        long least = result.Requests * (answer.TotalBytes - slackBytes);
        long underWay = (long)connections * answer.TotalBytes;
        long most = (result.Requests * ((long)answer.TotalBytes + slackBytes)) + underWay;
        if (result.Bytes < least || result.Bytes > most)
        {
            yield return $"{result.Bytes} bytes, expected {least} to {most}";
        }
    }

    /// <summary>What is wrong with handshakes: one that was not of the wanted kind, an error, a byte too few.</summary>
    public static IEnumerable<string> FlawsOf(HandshakeResult result, ProbeAnswer answer)
    {
        if (result.Errors > 0)
        {
            yield return $"{result.Errors} errors, the first: {result.FirstError}";
        }

        if (result.Unlike > 0)
        {
            yield return $"{result.Unlike} handshakes full that should be resumed, or resumed that should be full";
        }

        if (result.Answered == 0)
        {
            yield return "nothing was answered";
        }

        if (result.Bytes != result.Answered * answer.TotalBytes)
        {
            yield return $"{result.Bytes} bytes, expected {result.Answered * answer.TotalBytes}";
        }
    }

    /// <summary>
    /// What is wrong with a run of h2load: bodies may be more than those of the answers counted by what was under way
    /// at the end, on <paramref name="streams"/> streams.
    /// </summary>
    public static IEnumerable<string> FlawsOf(H2LoadResult result, int bodyBytes, int streams)
    {
        if (result.Bad > 0)
        {
            yield return $"{result.Bad} bad answers";
        }

        if (result.Done == 0)
        {
            yield return "nothing was answered";
        }

        if (result.Protocol != "h2")
        {
            yield return $"the protocol was \"{result.Protocol}\", not h2";
        }

        long least = result.Done * bodyBytes;
        long most = least + ((long)streams * bodyBytes);
        if (result.DataBytes < least || result.DataBytes > most)
        {
            yield return $"{result.DataBytes} bytes, expected {least} to {most}";
        }
    }

    /// <summary>What is wrong with an open loop: an error, or requests that were never answered.</summary>
    public static IEnumerable<string> FlawsOf(OpenLoopResult result)
    {
        if (result.Errors > 0)
        {
            yield return $"{result.Errors} errors";
        }

        if (result.Unanswered > 0)
        {
            yield return $"{result.Unanswered} unanswered";
        }

        if (result.Answered == 0)
        {
            yield return "nothing was answered";
        }
    }

    /// <summary>Streams must have delivered what was sent, but for a twentieth at the edges of the run.</summary>
    public static IEnumerable<string> FlawsOfStreams(OpenLoopResult result, double eventsPerSecond)
    {
        foreach (string flaw in FlawsOf(result))
        {
            yield return flaw;
        }

        double expected = eventsPerSecond * result.Seconds;
        if (Math.Abs(result.Answered - expected) > expected / 20)
        {
            yield return $"{result.Answered} events, expected {expected:0}";
        }
    }
}
