using System;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.health_check]</summary>
internal static class HealthCheckTable
{
    private const int PathCharsMax = 1024;
    private const int HostCharsMax = 255;
    private const int PortMax = 65_535;

    private static readonly ChoiceKey Kind = new("kind", ["http", "tcp", "grpc"],
        "A request whose answer is judged, just a connection, or the health service of gRPC (grpc.health.v1).")
    {
        Default = "http",
        DefaultToml = "\"http\"",
    };

    private static readonly VisibleTextKey Service = new("service", "", HealthLimits.ServiceCharsMax,
        "With kind = \"grpc\": the service asked for; the whole server if it is not set.")
    {
        Default = "",
        ExampleToml = "\"shop.v1.Orders\"",
    };

    private static readonly VisibleTextKey Path = new("path", "/", PathCharsMax, "What is asked for.")
    {
        Default = "/",
        DefaultToml = "\"/\"",
    };

    private static readonly ChoiceKey Method = new("method", ["GET", "HEAD", "OPTIONS"], "How it is asked.")
    {
        Default = "GET",
        DefaultToml = "\"GET\"",
    };

    private static readonly ChoiceKey Scheme = new("scheme", ["http", "https"],
        "How servers are spoken to, if not as requests are; https uses the service's tls.")
    {
        Default = "",
        ExampleToml = "\"https\"",
    };

    private static readonly VisibleTextKey HostHeader = new("host", "", HostCharsMax,
        "The Host header; the server's own if it is not set.")
    {
        Default = "",
        ExampleToml = "\"app.example.com\"",
    };

    private static readonly IntegerKey Port = new("port", 1, PortMax, "",
        "Where probes go, if not to the port of requests.")
    {
        ExampleToml = "9001",
    };

    private static readonly FieldsKey Headers = new("headers", HealthLimits.HeadersMax, "More headers to send.")
    {
        Default = "",
        ExampleToml = "{ X-Probe = \"1\" }",
    };

    private static readonly StatusListKey Statuses = new("statuses", "Statuses of a healthy server.")
    {
        DefaultToml = "[\"200-399\"]",
    };

    private static readonly TextKey Body = new("body", HealthLimits.TextCharsMax,
        "Text that a healthy server's answer holds in its first 16 KiB.")
    {
        Default = "",
        ExampleToml = "\"ok\"",
    };

    private static readonly DurationKey Interval = Duration("interval", HealthLimits.IntervalMin,
        HealthLimits.IntervalMax, HealthLimits.IntervalDefault, null, "From the end of one probe to the next.");

    private static readonly DurationKey Jitter = Duration("jitter", TimeSpan.FromMilliseconds(1),
        HealthLimits.IntervalMax, HealthLimits.JitterDefault, "none",
        "A random part of it is added to each interval, so that many proxies do not probe in step.");

    private static readonly DurationKey Timeout = Duration("timeout", HealthLimits.TimeoutMin,
        HealthLimits.TimeoutMax, HealthLimits.TimeoutDefault, null,
        "Longest wait for a probe, connection and answer together. Over it the probe is a bad one.");

    private static readonly IntegerKey Rise = Count("rise", HealthLimits.RiseDefault,
        "Good probes in a row that bring a server up.");

    private static readonly IntegerKey Fall = Count("fall", HealthLimits.FallDefault,
        "Bad probes in a row that take a server down.");

    private static readonly ChoiceKey Initial = new("initial", ["probe", "up", "down"],
        "What a new server is taken for: probe, it gets no request before its first probe, which decides alone.")
    {
        Default = "probe",
        DefaultToml = "\"probe\"",
    };

    // What only a request has.
    private static readonly Key[] s_ofRequests = [Path, Method, Statuses, Body];
    private static readonly Key[] s_ofMessages = [Scheme, HostHeader, Headers];

    public static TableDeclaration Declaration { get; } = new("health_check", IsNamed: false,
        "Asks each server again and again whether it is well; one that is down gets no requests.",
        [
            Kind, Path, Method, Service, Scheme, HostHeader, Port, Headers, Statuses, Body, Interval, Jitter,
            Timeout, Rise, Fall, Initial,
        ])
    {
        ExampleToml = """
            [services.app.health_check]
            path = "/healthz"
            interval = "10s"
            timeout = "2s"
            headers = { X-Probe = "1" }
            """,
    };

    /// <summary>[ai.providers.NAME.health_check]</summary>
    public static TableDeclaration OfProvider { get; } = Declaration with
    {
        Doc = "Asks the provider again and again whether it can be reached; while it cannot, other targets are asked.",
        ExampleToml = """
            [ai.providers.local]
            kind = "ollama"
            base_url = "http://127.0.0.1:11434"

            [ai.providers.local.health_check]
            kind = "tcp"
            """,
    };

    /// <summary>Null if there is none, or it is no table.</summary>
    public static HealthCheckSettings? Parse(TableScope parent, TableDeclaration? declaration = null)
    {
        if (parent.Below(declaration ?? Declaration) is not { } scope)
        {
            return null;
        }

        string word = Kind.Read(scope);
        ProbeKind kind = word switch
        {
            "tcp" => ProbeKind.Tcp,
            "grpc" => ProbeKind.Grpc,
            _ => ProbeKind.Http,
        };
        foreach (Key key in UselessFor(kind))
        {
            if (scope.TryFind(key.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, key.Name, $"does nothing with kind = \"{word}\"");
            }
        }

        string method = Method.Read(scope);
        string body = Body.Read(scope);
        if (method == "HEAD" && body.Length > 0 && scope.TryFind(Body.Name, out TomlEntry at))
        {
            scope.Report(at.Value, Body.Name, "cannot be in an answer to HEAD; write method = \"GET\"");
        }

        return new HealthCheckSettings
        {
            Kind = kind,
            Path = Path.Read(scope),
            Method = method,
            Scheme = Scheme.Read(scope) switch
            {
                "http" => ProbeScheme.Http,
                "https" => ProbeScheme.Https,
                _ => ProbeScheme.OfServer,
            },
            Service = Service.Read(scope),
            Host = HostHeader.Read(scope),
            Port = Port.ReadValue(scope),
            HeaderLines = Headers.Read(scope),
            Statuses = Statuses.ReadSet(scope, HealthLimits.StatusesDefault),
            Body = body,
            Interval = Interval.Read(scope),
            Jitter = Jitter.Read(scope),
            Timeout = Timeout.Read(scope),
            Rise = Rise.ReadValue(scope),
            Fall = Fall.ReadValue(scope),
            Initial = Initial.Read(scope) switch
            {
                "up" => InitialHealth.Up,
                "down" => InitialHealth.Down,
                _ => InitialHealth.Probe,
            },
        };
    }

    private static Key[] UselessFor(ProbeKind kind) => kind switch
    {
        ProbeKind.Tcp => [.. s_ofRequests, .. s_ofMessages, Service],
        ProbeKind.Grpc => s_ofRequests,
        _ => [],
    };

    private static DurationKey Duration(
        string name, TimeSpan min, TimeSpan max, TimeSpan standard, string? zero, string doc) =>
        new(name, min, max, doc)
        {
            Default = standard,
            DefaultToml = $"\"{DurationText.Format(standard)}\"",
            ZeroMeans = zero,
        };

    private static IntegerKey Count(string name, int standard, string doc) =>
        new(name, 1, HealthLimits.ProbesMax, "probes", doc)
        {
            Default = standard,
            DefaultToml = standard.ToString(CultureInfo.InvariantCulture),
        };
}
