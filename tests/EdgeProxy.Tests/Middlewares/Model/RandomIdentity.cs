using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>
/// Makes up middlewares that find out who calls. Alice has a key, a password and a certificate, bob a password; the
/// auth server knows both.
/// </summary>
internal sealed class RandomIdentity(Random random, ModelAuth auth)
{
    /// <summary>A key of alice's.</summary>
    public const string Key = "good";

    private const string Secret = "a secret of thirty-two characters or more";
    private const string Realm = "m";

    // As few rounds as are accepted: it is not what is tested.
    private static readonly string s_hash = HashOf("right");

    /// <summary>A token that is good, of somebody who is no consumer.</summary>
    public static string Token { get; } = MakeToken();

    /// <summary>So many kinds there are; <see cref="Next"/> makes one of them.</summary>
    public const int Kinds = 5;

    public static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{user}:{password}"));

    public static string Consumers(string fingerprint) => $$"""

        [consumers.alice]
        keys = [{ sha256 = "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Key)))}}" }]
        users = ["alice"]
        certificates = ["{{fingerprint}}"]
        [consumers.bob]
        users = ["bob"]

        """;

    public ModelStep Next(string name, int kind) => kind switch
    {
        0 => ApiKey(name),
        1 => Jwt(name),
        2 => BasicAuth(),
        3 => ClientCert(),
        _ => ForwardAuth(),
    };

    private ModelStep ApiKey(string name)
    {
        Allowed allowed = NextAllowed();
        return new($"api_key = {{ header = \"X-Key\"{allowed.Toml} }}", exchange =>
        {
            if (exchange.Received("X-Key") != Key)
            {
                return Refuse(exchange, $"ApiKey realm=\"{name}\"");
            }

            ModelExchange.Remove(exchange.Fields, "X-Key");
            return allowed.Admit(exchange, "alice");
        });
    }

    private static ModelStep Jwt(string name) =>
        new($"jwt = {{ secret = \"{Secret}\", claim_headers = {{ X-Subject = \"sub\" }} }}", exchange =>
        {
            if (exchange.Received("Authorization") != $"Bearer {Token}")
            {
                return Refuse(exchange, $"Bearer realm=\"{name}\"");
            }

            ModelExchange.Remove(exchange.Fields, "Authorization");
            ModelExchange.Set(exchange.Fields, "X-Subject", "eve");
            return null;
        });

    private ModelStep BasicAuth()
    {
        Allowed allowed = NextAllowed();
        return new($"basic_auth = {{ users = [\"alice:{s_hash}\", \"bob:{s_hash}\", \"carol:{s_hash}\"]"
            + $", realm = \"{Realm}\", user_header = \"X-User\"{allowed.Toml} }}", exchange =>
        {
            string? user = ((string[])["alice", "bob", "carol"])
                .FirstOrDefault(one => exchange.Received("Authorization") == Basic(one, "right"));
            if (user is null)
            {
                return Refuse(exchange, $"Basic realm=\"{Realm}\", charset=\"UTF-8\"");
            }

            ModelExchange.Remove(exchange.Fields, "Authorization");
            ModelExchange.Set(exchange.Fields, "X-User", user);
            return allowed.Admit(exchange, user == "carol" ? null : user);
        });
    }

    private ModelStep ClientCert()
    {
        Allowed allowed = NextAllowed();
        string? subject = random.Next(3) switch { 0 => ModelClients.Subject, 1 => "CN=other.test", _ => null };
        string keys = (subject is null ? "" : $", subjects = [\"{subject}\"]") + allowed.Toml;
        return new($"client_cert = {{{keys.TrimStart(',')} }}",
            exchange => exchange.Request.Client == ModelClients.Trusted && subject is null or ModelClients.Subject
                ? allowed.Admit(exchange, "alice")
                : ModelAnswer.Own(403));
    }

    private ModelStep ForwardAuth()
    {
        Allowed allowed = NextAllowed();
        bool isOpen = random.Next(2) == 0;
        string cacheBy = random.Next(3) switch { 0 => "request", 1 => "credential", _ => "" };
        string cache = cacheBy.Length == 0 ? "" : $", cache_time = \"1h\", cache_by = \"{cacheBy}\"";
        var known = new Dictionary<string, (string Told, string User)>();
        return new($"forward_auth = {{ address = \"http://127.0.0.1:{auth.Port}/\", timeout = \"1m\""
            + ", request_headers = [\"X-A\"], response_headers = [\"X-Told\", \"Remote-User\"]"
            + $", user_header = \"Remote-User\", on_failure = \"{(isOpen ? "open" : "closed")}\"{cache}{allowed.Toml} }}",
            exchange =>
            {
                string uri = ModelRequest.TargetOf(exchange.Path, exchange.Query);
                string[] values = [.. exchange.Fields
                    .Where(static field => field.Name.Equals("X-A", StringComparison.OrdinalIgnoreCase))
                    .Select(static field => field.Value)];
                ModelRequest request = exchange.Request;
                string key = string.Join('\n', [
                    request.Host, request.Client, cacheBy == "request" ? $"{request.Method} {uri}" : "", .. values]);
                if (cacheBy.Length == 0 || !known.TryGetValue(key, out (string Told, string User) said))
                {
                    ModelDecision decision = ModelAuth.Decide(request.Method, uri);
                    if (decision.Status != 200)
                    {
                        return decision.Status == 401 ? RefuseAs(exchange) : Undecided(exchange, allowed, isOpen);
                    }

                    said = (
                        ModelAuth.Told(request.Method, request.Host, uri, request.Client, values), decision.User);
                    known[key] = said;
                }

                Assert(exchange, "X-Told", said.Told);
                Assert(exchange, "Remote-User", said.User);
                return allowed.Admit(exchange, said.User.Length > 0 ? said.User : null);
            });
    }

    private static ModelAnswer RefuseAs(ModelExchange exchange)
    {
        exchange.Change(static fields => fields.Add(("WWW-Authenticate", "Form")));
        return ModelAnswer.Own(401, ModelAuth.Refusal, "text/login");
    }

    private static ModelAnswer? Undecided(ModelExchange exchange, Allowed allowed, bool isOpen)
    {
        if (!isOpen)
        {
            exchange.Change(static fields => ModelExchange.Set(fields, "Retry-After", "1"));
            return ModelAnswer.Own(503);
        }

        ModelExchange.Remove(exchange.Fields, "X-Told");
        ModelExchange.Remove(exchange.Fields, "Remote-User");
        return allowed.Admit(exchange, null);
    }

    private static void Assert(ModelExchange exchange, string name, string value)
    {
        ModelExchange.Remove(exchange.Fields, name);
        if (value.Length > 0)
        {
            exchange.Fields.Add((name, value));
        }
    }

    private static ModelAnswer Refuse(ModelExchange exchange, string challenge)
    {
        exchange.Change(fields => fields.Add(("WWW-Authenticate", challenge)));
        return ModelAnswer.Own(401);
    }

    private Allowed NextAllowed() =>
        new(random.Next(4) switch { 0 => "alice", 1 => "bob", _ => null }, random.Next(2) == 0);

    private static string HashOf(string password)
    {
        byte[] salt = "salt and more"u8.ToArray();
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, 10_000, HashAlgorithmName.SHA256, 32);
        return $"$pbkdf2-sha256$10000${Text(salt)}${Text(hash)}";

        static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '.');
    }

    private static string MakeToken()
    {
        string text = Base64Url.EncodeToString("""{"alg":"HS256"}"""u8) + "."
            + Base64Url.EncodeToString("""{"sub":"eve","exp":4102444800}"""u8);
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Who may pass of those that are known, and whether the server hears who it is.</summary>
    private sealed record Allowed(string? Only, bool IsTold)
    {
        public string Toml => (Only is null ? "" : $", consumers = [\"{Only}\"]")
            + (IsTold ? ", consumer_header = \"X-Consumer\"" : "");

        public ModelAnswer? Admit(ModelExchange exchange, string? consumer)
        {
            bool isOther = consumer is not null && exchange.Consumer is { } known && known != consumer;
            if ((Only is not null && consumer != Only) || isOther)
            {
                return ModelAnswer.Own(403);
            }

            exchange.Consumer ??= consumer;
            if (IsTold)
            {
                RandomIdentity.Assert(exchange, "X-Consumer", exchange.Consumer ?? "");
            }

            return null;
        }
    }
}
