using System;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Transport;

namespace EdgeProxy.Control;

/// <summary>
/// Who gets past the door of the admin surface: who names a host that is allowed (a browser that was led here by
/// another name does not), and shows the token if there is one. Health is told without it.
/// </summary>
internal static class AdminGate
{
    private const string Scheme = "Bearer ";

    /// <summary>The refusal; null if the request may go on.</summary>
    /// <param name="bound">Where the admin surface is now.</param>
    public static LocalAnswer? RefusalOf(LocalRequest request, IPEndPoint? bound, AdminSettings settings)
    {
        // What these settings ask for is enough for their own address only.
        if (request.At is { } at && !at.Equals(bound))
        {
            return AdminAnswer.Text(403, "the admin address is another by now\n");
        }

        if (bound is not null && !AdminAuthority.IsAllowed(request.Host, bound, settings.Hosts))
        {
            string port = bound is UnixEndPoint ? "" : " with this port";
            return AdminAnswer.Text(403, $"Host is not one of localhost, 127.0.0.1, [::1], admin.hosts{port}\n");
        }

        return settings.Token is { } token && request.Path is not ("/livez" or "/readyz")
            && !IsToken(request.Authorization, token)
            ? AdminAnswer.Text(401, "show admin.token: Authorization: Bearer TOKEN\n") with
            {
                Fields = "WWW-Authenticate: Bearer realm=\"edgeproxy admin\"\r\n",
            }
            : null;
    }

    // Hashes are as long as each other, and how long they take to compare tells nothing of the token.
    private static bool IsToken(string authorization, string token) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            Sha256.Of(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())),
            Sha256.Of(Encoding.UTF8.GetBytes(token)));
}
