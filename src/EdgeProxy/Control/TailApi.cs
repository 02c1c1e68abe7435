using System.Globalization;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Telemetry.Tailing;

namespace EdgeProxy.Control;

/// <summary>
/// POST /api/v1/tail: the requests that ended since the same viewer asked last, a JSON object each on a line of its
/// own; the first line says how many were dropped.
/// </summary>
internal static class TailApi
{
    public static LocalAnswer Answer(string query, TailFeed? feed)
    {
        if (feed is null)
        {
            return Text(503, "nothing is served yet\n");
        }

        if (TailFilter.Parse(query, out string viewer, out string why) is not { } filter)
        {
            return Text(400, why + "\n");
        }

        if (feed.Read(viewer, filter) is not { } piece)
        {
            return Text(429, $"{TailLimits.ViewersMax} viewers look already\n");
        }

        byte[] head = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{{\"dropped\":{piece.Dropped}}}\n"));
        byte[] body = [.. head, .. piece.Lines];
        return new LocalAnswer(200, "application/x-ndjson", body);
    }

    private static LocalAnswer Text(int status, string text) =>
        new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
}
