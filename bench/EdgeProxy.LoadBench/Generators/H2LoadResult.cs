using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>What one run of h2load saw.</summary>
/// <param name="Done">Requests answered, well or not.</param>
/// <param name="Bad">Answers that were not 2xx, and requests that failed, broke or timed out.</param>
/// <param name="DataBytes">Bytes of bodies.</param>
/// <param name="Protocol">What ALPN chose.</param>
/// <param name="Cipher">What TLS agreed upon.</param>
internal sealed partial record H2LoadResult(
    long Done, long Bad, long DataBytes, double Seconds, string Protocol, string Cipher)
{
    /// <summary>Reads its summary; null if there is none.</summary>
    public static H2LoadResult? Parse(string output)
    {
        Match finished = FinishedLine().Match(output);
        Match requests = RequestsLine().Match(output);
        Match codes = CodesLine().Match(output);
        Match traffic = TrafficLine().Match(output);
        if (!finished.Success || !requests.Success || !codes.Success || !traffic.Success)
        {
            return null;
        }

        long done = Number(requests, "done");
        long bad = Number(requests, "failed") + Number(requests, "errored") + Number(requests, "timeout")
            + Number(codes, "s3") + Number(codes, "s4") + Number(codes, "s5");
        double seconds = double.Parse(finished.Groups["count"].Value, CultureInfo.InvariantCulture)
            * (finished.Groups["unit"].Value switch { "us" => 1e-6, "ms" => 1e-3, _ => 1 });
        return new H2LoadResult(
            done, bad, Number(traffic, "data"), seconds, ProtocolLine().Match(output).Groups["name"].Value,
            CipherLine().Match(output).Groups["name"].Value);
    }

    private static long Number(Match match, string group) =>
        long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^finished in (?<count>[0-9.]+)(?<unit>us|ms|s),", RegexOptions.Multiline)]
    private static partial Regex FinishedLine();

    [GeneratedRegex(
        @"^requests: \d+ total, \d+ started, (?<done>\d+) done, \d+ succeeded, (?<failed>\d+) failed, "
            + @"(?<errored>\d+) errored, (?<timeout>\d+) timeout",
        RegexOptions.Multiline)]
    private static partial Regex RequestsLine();

    [GeneratedRegex(@"^status codes: \d+ 2xx, (?<s3>\d+) 3xx, (?<s4>\d+) 4xx, (?<s5>\d+) 5xx", RegexOptions.Multiline)]
    private static partial Regex CodesLine();

    [GeneratedRegex(@"^traffic: .*\((?<data>\d+)\) data$", RegexOptions.Multiline)]
    private static partial Regex TrafficLine();

    [GeneratedRegex(@"^Application protocol: (?<name>.+)$", RegexOptions.Multiline)]
    private static partial Regex ProtocolLine();

    [GeneratedRegex(@"^Cipher: (?<name>.+)$", RegexOptions.Multiline)]
    private static partial Regex CipherLine();
}
