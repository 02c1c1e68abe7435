using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>What an auth server decided about a request.</summary>
/// <param name="Answer">Null: it may pass.</param>
/// <param name="Fields">
/// If it may pass: what the server is told, a value for each of the configured names, empty for none. If not: what the
/// client is told besides.
/// </param>
/// <param name="Cookies">Set-Cookie of the answer to a request that may pass.</param>
/// <param name="IsCacheable">It may be believed again (RFC 9111 section 5.2.2.5: it said nothing of no-store).</param>
internal sealed record AuthDecision(
    LocalAnswer? Answer, (FieldName Name, byte[] Value)[] Fields, byte[][] Cookies, Consumer? Consumer,
    bool IsCacheable)
{
    /// <summary>What remembering it takes, as far as the auth server decides that.</summary>
    public int Bytes
    {
        get
        {
            int bytes = 0;
            foreach ((_, byte[] value) in Fields)
            {
                bytes += value.Length;
            }

            foreach (byte[] cookie in Cookies)
            {
                bytes += cookie.Length;
            }

            return bytes;
        }
    }
}
