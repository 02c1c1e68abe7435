using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// The Lua that makes wrk send what a scenario wants and write one line of numbers at the end. Several requests are
/// sent in turn, each ready as text, so that the generator does next to nothing per request.
/// </summary>
internal static class WrkScript
{
    public static string Of(IReadOnlyList<ProbeRequest> requests)
    {
        var lua = new StringBuilder("local requests = {\n");
        foreach (ProbeRequest request in requests)
        {
            lua.Append("  ").Append(Quoted(request.Text)).Append(",\n");
        }

        lua.Append("}\n");
        lua.Append(requests.Count == 1 ? SameRequest : RequestsInTurn);
        return lua.Append(Done).ToString();
    }

    private const string SameRequest = """
        local only = requests[1]
        function request() return only end

        """;

    private const string RequestsInTurn = """
        local at, count = 0, #requests
        function request()
          at = at + 1
          if at > count then at = 1 end
          return requests[at]
        end

        """;

    private const string Done = """
        function done(summary, latency, requests)
          local e = summary.errors
          io.write(string.format(
            "result requests=%d bytes=%d us=%d connect=%d read=%d write=%d status=%d timeout=%d",
            summary.requests, summary.bytes, summary.duration, e.connect, e.read, e.write, e.status, e.timeout))
          io.write(string.format(" p50=%d p99=%d p999=%d max=%d cpu=%.6f\n",
            latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max, os.clock()))
        end

        """;

    // Lua takes any byte as a backslash and three decimal digits.
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\' or < ' ' or > '~')
            {
                quoted.Append('\\').Append(((int)c).ToString("000", CultureInfo.InvariantCulture));
            }
            else
            {
                quoted.Append(c);
            }
        }

        return quoted.Append('"').ToString();
    }
}
