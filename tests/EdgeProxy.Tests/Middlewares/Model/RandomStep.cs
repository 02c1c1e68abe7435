using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>
/// Makes up middlewares of every kind with what each should do. Pools are small, so that prefixes often fit, names
/// often meet and limits are often reached.
/// </summary>
internal sealed class RandomStep(Random random, ModelAuth auth)
{
    private static readonly string[] Prefixes = ["/p", "/p/q", "/z", "/", "/t", "/api"];

    private static readonly (string Regex, string Replacement)[] PathChanges =
        [("^/p/(.*)", "/w/${1}"), ("q", "Q"), ("^/p", "x"), ("^/(z)/", "/${1}//"), ("t$", "")];

    private static readonly (string Regex, string Replacement)[] UrlChanges =
    [
        ("^http://a/p(.*)$", "https://b.test/n${1}"), ("^http://([a-z.]+)/z(.*)$", "http://${1}/y${2}"),
        ("p$", "w"), ("^http", "ftp"),
    ];

    private static readonly (string Text, Func<ModelExchange, string> Value)[] Values =
    [
        ("v1", _ => "v1"), ("", _ => ""), ("{client_ip}", x => x.Request.Client),
        ("{method} {host}", x => $"{x.Request.Method} {x.Request.Host}"),
        ("{path}", x => x.Path), ("{{{router}}}", x => $"{{{x.Router}}}"),
    ];

    private readonly RandomIdentity _identity = new(random, auth);

    /// <summary>So many kinds there are; <see cref="Next"/> makes one of them.</summary>
    public const int Kinds = 19 + RandomIdentity.Kinds;

    public ModelStep Next(string name, int kind) => kind switch
    {
        0 => StripPrefix(),
        1 => StripPrefixRegex(),
        2 => AddPrefix(),
        3 => ReplacePath(),
        4 => ReplacePathRegex(),
        5 => RedirectScheme(),
        6 => RedirectRegex(),
        7 => Respond(),
        8 => Errors(),
        9 => Query(),
        10 => Headers(),
        11 => Cors(),
        12 => SecurityHeaders(),
        13 => BodyLimit(),
        14 => RateLimit(name),
        15 => InFlight(),
        16 => Compress(),
        17 => Buffering(),
        18 => IpList(),
        _ => _identity.Next(name, kind - 19),
    };

    private ModelStep StripPrefix()
    {
        string[] prefixes = [.. Enumerable.Range(0, 2).Select(_ => Of(Prefixes)).Distinct()];
        return new($"strip_prefix = {{ prefixes = [\"{string.Join("\", \"", prefixes)}\"] }}", exchange =>
        {
            string? prefix = prefixes.Select(one => one.TrimEnd('/')).FirstOrDefault(
                one => exchange.Path == one || exchange.Path.StartsWith(one + "/", StringComparison.Ordinal));
            return prefix is null ? null : Strip(exchange, prefix);
        });
    }

    private ModelStep StripPrefixRegex()
    {
        string regex = Of(["^/p", "^/(p|z)/", "q", "^/p/q$", "^/[a-z]+", "/"]);
        return new($"strip_prefix_regex = {{ regex = ['{regex}'] }}", exchange =>
        {
            Match match = Regex.Match(exchange.Path, regex);
            string prefix = match is { Success: true, Index: 0 } ? match.Value.TrimEnd('/') : "";
            string rest = exchange.Path[prefix.Length..];
            return prefix.Length > 0 && (rest.Length == 0 || rest[0] == '/') ? Strip(exchange, prefix) : null;
        });
    }

    private static ModelAnswer? Strip(ModelExchange exchange, string prefix)
    {
        ModelExchange.Set(exchange.Fields, "X-Forwarded-Prefix", prefix);
        string rest = exchange.Path[prefix.Length..];
        return exchange.Rewrite(rest.Length == 0 ? "/" : rest);
    }

    private ModelStep AddPrefix()
    {
        string prefix = Of(Prefixes);
        return new($"add_prefix = {{ prefix = \"{prefix}\" }}",
            exchange => exchange.Rewrite(prefix.TrimEnd('/') + exchange.Path));
    }

    private ModelStep ReplacePath()
    {
        string path = Of(Prefixes);
        return new($"replace_path = {{ path = \"{path}\" }}", exchange =>
        {
            ModelExchange.Set(exchange.Fields, "X-Replaced-Path", exchange.Path);
            return exchange.Rewrite(path);
        });
    }

    private ModelStep ReplacePathRegex()
    {
        (string regex, string replacement) = PathChanges[random.Next(PathChanges.Length)];
        return new($"replace_path_regex = {{ regex = '{regex}', replacement = \"{replacement}\" }}", exchange =>
        {
            ModelExchange.Remove(exchange.Fields, "X-Replaced-Path");
            if (!Regex.IsMatch(exchange.Path, regex))
            {
                return null;
            }

            exchange.Fields.Add(("X-Replaced-Path", exchange.Path));
            return exchange.Rewrite(Regex.Replace(exchange.Path, regex, replacement));
        });
    }

    private ModelStep RedirectScheme()
    {
        bool isHttps = random.Next(3) > 0;
        int port = random.Next(3) switch { 0 => 8443, 1 => 443, _ => 0 };
        bool isPermanent = Flag();
        return new($"redirect_scheme = {{ scheme = \"{(isHttps ? "https" : "http")}\", port = {port}"
            + $", permanent = {Toml(isPermanent)} }}",
            exchange => isHttps
                ? Redirect(exchange, $"https://{exchange.Request.Host}{(port == 8443 ? ":8443" : "")}"
                    + ModelRequest.TargetOf(exchange.Path, exchange.Query), isPermanent)
                : null);
    }

    private ModelStep RedirectRegex()
    {
        (string regex, string replacement) = UrlChanges[random.Next(UrlChanges.Length)];
        bool isPermanent = Flag();
        return new($"redirect_regex = {{ regex = '{regex}', replacement = \"{replacement}\""
            + $", permanent = {Toml(isPermanent)} }}", exchange =>
        {
            string url = $"http://{exchange.Request.Host}{ModelRequest.TargetOf(exchange.Path, exchange.Query)}";
            string location = Regex.Replace(url, regex, replacement);
            return location == url ? null
                : location.StartsWith("http", StringComparison.Ordinal) ? Redirect(exchange, location, isPermanent)
                : ModelAnswer.Own(400);
        });
    }

    private static ModelAnswer Redirect(ModelExchange exchange, string location, bool isPermanent)
    {
        exchange.Change(fields => ModelExchange.Set(fields, "Location", location));
        if (isPermanent)
        {
            exchange.Change(fields => ModelExchange.Remove(fields, "Cache-Control"));
        }

        bool isRead = exchange.Request.Method is "GET" or "HEAD";
        return ModelAnswer.Own(isPermanent ? isRead ? 301 : 308 : isRead ? 302 : 307);
    }

    private ModelStep Respond()
    {
        (int status, string body) = random.Next(4) switch
        {
            0 => (204, ""),
            1 => (404, "none"),
            2 => (503, ""),
            _ => (200, "fixed"),
        };
        return new(
            $"respond = {{ status = {status}, body = \"{body}\", content_type = \"text/x\" }}",
            _ => ModelAnswer.Own(status, body, "text/x"));
    }

    private ModelStep Errors()
    {
        (string text, int first, int last) = random.Next(3) switch
        {
            0 => ("404", 404, 404),
            1 => ("500-599", 500, 599),
            _ => ("400-599", 400, 599),
        };
        string body = Of(["sorry", ""]);
        bool hasPages = Flag();
        string pages = hasPages ? $", service = \"app\", path = \"{ModelServer.PagePath}{{status}}\"" : "";
        return new($"errors = {{ status = [\"{text}\"], body = \"{body}\"{pages} }}", In, exchange =>
        {
            if (exchange.Answer.Status < first || exchange.Answer.Status > last || (hasPages && exchange.IsPage))
            {
                return;
            }

            if (exchange.IsServers)
            {
                exchange.KeepFields(exchange.Answer);
            }

            exchange.IsServers = false;
            exchange.Answer = ModelAnswer.Own(exchange.Answer.Status, body);
        });

        ModelAnswer? In(ModelExchange exchange)
        {
            exchange.Pages = hasPages ? (first, last, body) : exchange.Pages;
            return null;
        }
    }

    private ModelStep Query()
    {
        string removed = Of(["X", "Y", "Accept"]);
        string set = Of(["X", "Y", "new"]);
        bool appends = Flag();
        return new($"query = {{ remove = [\"{removed}\"], set = {{ {set} = \"n m\" }}"
            + (appends ? ", append = { \"a b\" = \"1\" } }" : " }"), exchange =>
        {
            List<string> kept = [.. exchange.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(parameter =>
            {
                string name = Uri.UnescapeDataString(parameter.Split('=')[0]);
                return name != removed && name != set;
            })];
            kept.Add($"{set}=n%20m");
            kept.AddRange(appends ? ["a%20b=1"] : []);
            exchange.Query = string.Join('&', kept);
            return null;
        });
    }

    private ModelStep Headers()
    {
        (string request, Action<ModelExchange, List<(string Name, string Value)>> onRequest) = Changes();
        (string response, Action<ModelExchange, List<(string Name, string Value)>> onResponse) = Changes();
        return new($"headers = {{ request = {request}, response = {response} }}",
            exchange =>
            {
                onRequest(exchange, exchange.Fields);
                return null;
            },
            exchange => exchange.Change(fields => onResponse(exchange, fields)));
    }

    private (string Toml, Action<ModelExchange, List<(string Name, string Value)>> Apply) Changes()
    {
        string removed = Of(["X-A", "X", "Y", "Server", "X-Up"]);
        (string set, string appended) = (Of(["X-A", "X-B", "Vary"]), Of(["X-A", "X-B", "Vary", "Accept"]));
        (string setText, Func<ModelExchange, string> setValue) = Values[random.Next(Values.Length)];
        (string appendText, Func<ModelExchange, string> appendValue) = Values[random.Next(Values.Length)];
        string toml = $"{{ remove = [\"{removed}\"], set = {{ {set} = \"{setText}\" }}"
            + $", append = {{ {appended} = \"{appendText}\" }} }}";
        return (toml, Apply);

        void Apply(ModelExchange exchange, List<(string Name, string Value)> fields)
        {
            ModelExchange.Remove(fields, removed);
            ModelExchange.Set(fields, set, setValue(exchange));
            fields.Add((appended, appendValue(exchange)));
        }
    }

    private ModelStep Cors()
    {
        bool isAny = random.Next(3) == 0;
        bool hasCredentials = !isAny && Flag();
        return new($"cors = {{ allow_origins = [\"{(isAny ? "*" : "https://app.test")}\"], allow_headers = [\"X-A\"]"
            + $", expose_headers = [\"X-B\"], allow_credentials = {Toml(hasCredentials)}, max_age = \"10s\" }}",
            exchange => ModelCors.In(exchange, isAny, hasCredentials));
    }

    private ModelStep SecurityHeaders()
    {
        (string frame, bool noSniff, bool hasPolicy) = (Of(["DENY", "SAMEORIGIN", "off"]), Flag(), Flag());
        return new($"security_headers = {{ frame_options = \"{frame}\", no_sniff = {Toml(noSniff)}"
            + $", referrer_policy = \"{(hasPolicy ? "no-referrer" : "")}\" }}", _ => null, exchange =>
        {
            Set(exchange, "X-Content-Type-Options", noSniff ? "nosniff" : "");
            Set(exchange, "X-Frame-Options", frame == "off" ? "" : frame);
            Set(exchange, "Referrer-Policy", hasPolicy ? "no-referrer" : "");
        });
    }

    private static void Set(ModelExchange exchange, string name, string value)
    {
        if (value.Length > 0)
        {
            exchange.Change(fields => ModelExchange.Set(fields, name, value));
        }
    }

    private ModelStep BodyLimit()
    {
        int max = random.Next(3) * 5;
        return new($"body_limit = {{ max = {max} }}",
            exchange => exchange.Request.Body?.Length > max ? ModelAnswer.Own(413) : null);
    }

    // No time passes: what was let through stays counted.
    private ModelStep RateLimit(string name)
    {
        (int burst, string key) = (random.Next(1, 4), Of(["all", "client_ip", "host", "header:X"]));
        (bool hasHeaders, bool isReportOnly) = (Flag(), random.Next(4) == 0);
        var counts = new Dictionary<string, int>();
        return new($"rate_limit = {{ average = 1, period = \"1h\", burst = {burst}, key = \"{key}\""
            + $", headers = {Toml(hasHeaders)}, report_only = {Toml(isReportOnly)} }}", exchange =>
        {
            string source = key switch
            {
                "client_ip" => exchange.Request.Client,
                "host" => exchange.Request.Host,
                "header:X" => exchange.First("X") ?? "",
                _ => "",
            };
            int before = counts.GetValueOrDefault(source);
            bool isAllowed = before < burst;
            counts[source] = isAllowed ? before + 1 : before;
            if (hasHeaders)
            {
                string left = string.Create(CultureInfo.InvariantCulture,
                    $"\"{name}\";r={burst - counts[source]};t={3600 * (isAllowed ? counts[source] : 1)}");
                exchange.Change(fields => fields.AddRange(
                    [("RateLimit", left), ("RateLimit-Policy", $"\"{name}\";q=1;w=3600")]));
            }

            if (isAllowed || isReportOnly)
            {
                return null;
            }

            exchange.Change(fields => ModelExchange.Set(fields, "Retry-After", "3600"));
            return ModelAnswer.Own(429);
        });
    }

    // One after the other: there is never a second one, unless one is not given back.
    private ModelStep InFlight() => new($"in_flight = {{ max = 1, key = \"{Of(["all", "host"])}\" }}", _ => null);

    private ModelStep Compress()
    {
        int min = random.Next(1, 4);
        return new($"compress = {{ encodings = [\"gzip\"], types = [\"text/*\"], bytes_min = {min} }}", _ => null,
            exchange =>
            {
                ModelAnswer answer = exchange.Answer;
                if (!exchange.IsServers || exchange.IsPage || exchange.IsCoded || answer.Status is 204
                    || !answer.Fields.Any(field => field.Name == "Content-Type"))
                {
                    return;
                }

                exchange.Change(fields => fields.Add(("Vary", "Accept-Encoding")));
                exchange.IsCoded = exchange.Received("Accept-Encoding") == "gzip" && exchange.Request.Method != "HEAD"
                    && answer.Body!.Length >= min;
            });
    }

    private ModelStep Buffering()
    {
        (int request, int answer, bool refuses) = (random.Next(1, 12), random.Next(1, 4), Flag());
        return new($"buffering = {{ request_bytes_max = {request}, answer_bytes_max = {answer}"
            + $", longer_answers = \"{(refuses ? "refuse" : "pass")}\" }}", exchange =>
        {
            exchange.WantWhole(answer, refuses);
            return exchange.Request.Body?.Length > request ? ModelAnswer.Own(413) : null;
        });
    }

    private ModelStep IpList()
    {
        bool isAllowing = Flag();
        (string range, Func<string, bool> has) = random.Next(3) switch
        {
            0 => ("10.0.0.0/8", (Func<string, bool>)(ip => ip.StartsWith("10.", StringComparison.Ordinal))),
            1 => ("2001:db8::/32", ip => ip.StartsWith("2001:db8:", StringComparison.Ordinal)),
            _ => ("192.0.2.1", ip => ip == "192.0.2.1"),
        };
        return new($"ip_{(isAllowing ? "allow" : "deny")}_list = {{ source_range = [\"{range}\"] }}",
            exchange => has(exchange.Request.Client) == isAllowing ? null : ModelAnswer.Own(403));
    }

    private static string Toml(bool value) => value ? "true" : "false";

    private bool Flag() => random.Next(2) == 0;

    private string Of(string[] pool) => pool[random.Next(pool.Length)];
}
