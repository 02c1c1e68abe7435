using System;
using System.Buffers.Text;
using System.Text;
using System.Threading;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>
/// How long a model at a provider is left alone: as long as it said itself, else a moment after it failed. One for all
/// loops and services, kept over configurations that go on naming both.
/// </summary>
internal sealed class TargetPause
{
    private const long PauseMs = 5_000;
    private const long PauseMsMax = 600_000;

    private long _untilMs;

    public bool IsOver(long nowMs) => nowMs >= Volatile.Read(ref _untilMs);

    /// <summary>It failed: nothing, or an error, came.</summary>
    public void Begin(long nowMs) => Until(nowMs + PauseMs);

    /// <summary>It will not do better for so long.</summary>
    public void Begin(long nowMs, long pauseMs) => Until(nowMs + pauseMs);

    /// <summary>It refused. retry-after-ms counts before Retry-After (RFC 9110 section 10.2.3, in seconds).</summary>
    public void Begin(long nowMs, Exchange exchange)
    {
        long pause = PauseMs;
        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        foreach (ref readonly HeaderField field in exchange.Response.Fields)
        {
            ReadOnlySpan<byte> name = field.Name.Of(head);
            bool isMs = Ascii.EqualsIgnoreCase(name, "retry-after-ms"u8);
            if ((isMs || Ascii.EqualsIgnoreCase(name, "retry-after"u8))
                && Utf8Parser.TryParse(field.Value.Of(head), out int value, out int used)
                && used == field.Value.Length && value >= 0)
            {
                pause = Math.Min(isMs ? value : value * 1000L, PauseMsMax);
                if (isMs)
                {
                    break;
                }
            }
        }

        Until(nowMs + pause);
    }

    // What ends later counts: another fault does not shorten what the provider asked for.
    private void Until(long untilMs)
    {
        long before = Volatile.Read(ref _untilMs);
        while (before < untilMs)
        {
            long found = Interlocked.CompareExchange(ref _untilMs, untilMs, before);
            if (found == before)
            {
                return;
            }

            before = found;
        }
    }
}
