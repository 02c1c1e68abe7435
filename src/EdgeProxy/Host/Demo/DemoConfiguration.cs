using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Host.Demo;

/// <summary>
/// The demo's configuration: what a first file of one's own looks like, with two servers, one of them
/// of a model, that are really there.
/// </summary>
internal static class DemoConfiguration
{
    private const int EntryPointPort = 8080;
    private const int AdminPort = 7171;

    /// <summary>The API key of the demo's consumer.</summary>
    public const string GuestKey = "demo-guest-key";

    /// <summary>What proves it, in the demo's requests.</summary>
    public const string KeyField = "X-Demo-Key";

    private static readonly string s_guestHash = Convert.ToHexStringLower(Sha256.Of(Encoding.ASCII.GetBytes(GuestKey)));

    /// <param name="folder">Of the demo's own: its state.</param>
    /// <param name="auditFolder">Where its audit chain goes; "" for none.</param>
    public static string Write(IPEndPoint blue, IPEndPoint green, string folder, string auditFolder) => $$"""
        [node]
        name = "demo"
        state_dir = "{{folder}}"
        drain_timeout = "2s"
        watch_interval = "0s"

        [log]
        level = "warning"

        [entrypoints.web]
        address = "{{FreeAddress(EntryPointPort)}}"

        [admin]
        address = "{{FreeAddress(AdminPort)}}"

        [routers.hello]
        rule = "PathPrefix(`/hello`) || PathPrefix(`/status`)"
        service = "both"

        [routers.stock]
        rule = "PathPrefix(`/stock`) && Method(`GET`)"
        service = "blue"

        [routers.events]
        rule = "Path(`/events`)"
        service = "green"

        [routers.shop]
        rule = "Host(`shop.localhost`)"
        service = "green"

        [routers.chat]
        rule = "PathPrefix(`/v1`)"
        middlewares = ["private"]
        service = "llm"

        [routers.guest]
        rule = "PathPrefix(`/v1`) && HeaderRegexp(`{{KeyField}}`, `.+`)"
        middlewares = ["key", "private"]
        service = "llm"

        [middlewares.key.api_key]
        header = "{{KeyField}}"

        [middlewares.private.ai_guard]
        prompt = [{ detect = "card_number", action = "mask" }, { detect = "email", action = "mask" },
          { detect = "secret", action = "block" }]

        [consumers.guest]
        keys = [{ sha256 = "{{s_guestHash}}" }]
        plan = "guest"

        [plans.guest]
        limits = [{ count = "requests", max = 2, period = "month" }, { count = "tokens", max = 5000, period = "day" }]

        [services.llm.ai]
        models = [{ name = "fast", provider = "local", model = "demo-model-1" }]
        output_tokens_max = 256

        [ai.providers.local]
        kind = "openai"
        base_url = "http://{{green}}/v1"
        api_key = "the-demo-has-no-secrets"

        [services.both]
        servers = [{ url = "http://{{blue}}" }, { url = "http://{{green}}" }]

        [services.blue]
        servers = [{ url = "http://{{blue}}" }]

        [services.green]
        servers = [{ url = "http://{{green}}" }]
        {{(auditFolder.Length > 0 ? $"\n[audit]\ndirectory = \"{auditFolder}\"" : "")}}
        """;

    // The usual port if nobody has it, else any free one: a demo should not ask for anything to be stopped first.
    private static IPEndPoint FreeAddress(int port) => TryBind(port) ?? TryBind(0)!;

    private static IPEndPoint? TryBind(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return (IPEndPoint)socket.LocalEndPoint!;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
