using System;
using System.Net;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Host.Demo;

/// <summary>A request the demo sends, and the status that shows the proxy did its part.</summary>
internal sealed record DemoRequest(string Method, string Path, string? Host, string? Body, int Expected)
{
    /// <summary>It comes from the consumer, who has a plan.</summary>
    public bool IsGuest { get; init; }

    /// <summary>What proves it; whole header fields.</summary>
    public string Fields => IsGuest ? $"{DemoConfiguration.KeyField}: {DemoConfiguration.GuestKey}\r\n" : "";

    /// <summary>What the model was told is to be shown: it is not what was sent.</summary>
    public bool ShowsPrompt { get; init; }

    /// <summary>What the proxy did with it, for people; "" if the line says it all.</summary>
    public string What { get; init; } = "";
}

/// <summary>The demo's own traffic: a fixed round of requests, one after the other, until told to stop.</summary>
internal sealed class DemoTraffic(IPEndPoint entryPoint, TimeProvider time, DemoReport report)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private const string ChatPath = "/v1/chat/completions";

    // The number is the one cards are tried out with everywhere.
    public const string Private = "pay with 4111 1111 1111 1111, write to ann@example.com";

    // The one that every manual has in its examples.
    private const string Secret = "debug this: AKIAIOSFODNN7EXAMPLE is refused";

    private const string Allowed = "allowed";
    private const string Masked = "masked: the model never hears the card's number nor the address";
    private const string Refused = "refused: an access key is in the prompt";
    private const string Unknown = "refused: nobody may ask for that model";
    private const string OverPlan = "over the guest's plan of two calls";

    // What the guest's plan has room for, what no prompt may have in it, and what comes after it.
    private static readonly DemoRequest[] Opening =
    [
        new("POST", ChatPath, null, Chat("fast"), 200) { IsGuest = true, What = Allowed },
        new("POST", ChatPath, null, Chat("fast", Private), 200) { IsGuest = true, ShowsPrompt = true, What = Masked },
        new("POST", ChatPath, null, Chat("fast", Secret), 403) { IsGuest = true, What = Refused },
        new("POST", ChatPath, null, Chat("fast"), 429) { IsGuest = true, What = OverPlan },
    ];

    private static readonly DemoRequest[] Round =
    [
        new("GET", "/hello", null, null, 200),
        new("GET", "/hello", null, null, 200),
        new("POST", "/hello/echo", null, "how do you do", 200),
        new("GET", "/stock/42", null, null, 200),
        new("GET", "/", "shop.localhost", null, 200),
        new("GET", "/events", null, null, 200),
        new("HEAD", "/hello", null, null, 200),
        new("GET", "/status/503", null, null, 503),
        new("GET", "/nobody", null, null, 404),
        new("POST", ChatPath, null, Chat("fast"), 200) { What = Allowed },
        new("POST", ChatPath, null, Chat("fast", Private), 200) { ShowsPrompt = true, What = Masked },
        new("POST", ChatPath, null, Chat("secret-model"), 404) { What = Unknown },
        new("POST", ChatPath, null, Chat("fast"), 429) { IsGuest = true, What = OverPlan },
    ];

    private static string Chat(string model, string text = "hello") => "{\"model\":\"" + model
        + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}],\"user\":\""
        + DemoConnection.OursUser + "\"}";

    public async Task RunAsync(CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            DemoRequest next = i < Opening.Length ? Opening[i] : Round[(i - Opening.Length) % Round.Length];
            await SendAsync(next, stop).ConfigureAwait(false);
            await Task.Delay(Pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(DemoRequest request, CancellationToken stop)
    {
        long start = time.GetTimestamp();
        (RawAnswer? answer, string reason) = await OneRequest.SendAsync(
            entryPoint,
            request.Method,
            request.Path,
            request.Host,
            $"{DemoConnection.OursField}: 1\r\n{request.Fields}",
            request.Body,
            stop: stop).ConfigureAwait(false);
        if (!stop.IsCancellationRequested)
        {
            report.Sent(request, answer, reason, time.GetElapsedTime(start));
        }
    }
}
