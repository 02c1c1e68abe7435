using System;
using System.Net.Security;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A server that authenticates connections as NTLM does: "NTLM one" is answered with a challenge, and who answers that
/// on the same connection, "NTLM three-N USER", is USER there until the connection ends. Bodies say who asked, and on
/// which connection: "USER@N". Below /open nobody is asked, /busy is a 503, and on /gone it resets. Answers of /slow
/// wait for a gate, and of those of /parts all but the first byte of the body.
/// </summary>
internal static class NtlmServer
{
    public static RawServer Start(SslServerAuthenticationOptions? tls = null, Gate? gate = null)
    {
        Task ServeAsync(RawConnection connection) => NtlmServer.ServeAsync(connection, gate);
        return tls is null ? RawServer.Start(ServeAsync) : RawServer.StartTls(ServeAsync, tls);
    }

    /// <summary>Proves to the server that this connection is a user's; what it then says of who asks.</summary>
    public static async Task<string> LogInAsync(RawClient client, string user, string path = "/")
    {
        RawResponse asked = await client.RequestAsync(Get(path, "NTLM one"));
        string challenge = asked.Head.One("WWW-Authenticate")!;
        RawResponse done = await client.RequestAsync(Get(path, $"NTLM three-{challenge["NTLM two-".Length..]} {user}"));
        return $"{done.Status} {done.BodyText}";
    }

    public static string Get(string path, string credentials = "") =>
        $"GET {path} HTTP/1.1\r\nHost: a.test\r\n"
        + (credentials.Length > 0 ? $"Authorization: {credentials}\r\n" : "") + "\r\n";

    private static async Task ServeAsync(RawConnection connection, Gate? gate)
    {
        string user = "";
        bool isChallenged = false;
        while (await connection.ReadRequestAsync() is { } request)
        {
            string said = request.Head.One("Authorization") ?? "";
            string proof = $"NTLM three-{connection.Number} ";
            if (request.Target == "/gone")
            {
                connection.Wire.Reset();
                return;
            }

            bool isOpen = request.Target.StartsWith("/open", StringComparison.Ordinal);
            user = said.Length == 0 ? user
                : isChallenged && said.StartsWith(proof, StringComparison.Ordinal) ? said[proof.Length..]
                : "";
            isChallenged = said == "NTLM one";
            string fields = isChallenged ? $"WWW-Authenticate: NTLM two-{connection.Number}\r\n"
                : user.Length == 0 && !isOpen ? "WWW-Authenticate: Basic realm=\"a\", ntlm\r\n"
                : "";
            string status = request.Target == "/busy" ? "503 Busy"
                : fields.Length > 0 ? "401 Unauthorized"
                : "200 OK";
            if (request.Target == "/slow")
            {
                await gate!.PassAsync("the slow answer to be wanted");
            }

            string body = $"{user}@{connection.Number}";
            int first = request.Target == "/parts" ? 1 : body.Length;
            await connection.SendAsync(
                $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{(request.Target == "/busy" ? "" : fields)}\r\n"
                + body[..first]);
            if (first < body.Length)
            {
                await gate!.PassAsync("the rest of an answer to be wanted");
                await connection.SendAsync(body[first..]);
            }
        }
    }
}
