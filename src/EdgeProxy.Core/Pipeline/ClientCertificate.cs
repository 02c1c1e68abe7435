using System;
using System.Text;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What servers hear of a client's certificate: X-Forwarded-Tls-Client-Cert, its DER in base64, and
/// X-Forwarded-Tls-Client-Cert-Info, what it says and whether it verified. Of one that did not and is longer than
/// TlsLimits.UnverifiedBytesMax they hear its hash only. Without a certificate they hear nothing.
/// Fields of those names that a client sends, in any spelling, reach no server.
/// </summary>
internal static class ClientCertificate
{
    /// <summary>Null: the client showed none, or speaks no TLS.</summary>
    public static PeerCertificate? Of(ByteLink client) => (client.Carrier as TlsLink)?.Peer;

    /// <summary>Whole field lines; empty for a client without a certificate.</summary>
    public static ReadOnlySpan<byte> FieldsOf(ByteLink client) =>
        client.Carrier is TlsLink { Peer: { } peer } ? peer.Notes ??= Write(peer) : default;

    public static bool IsAskedFor(ByteLink client) => client.Carrier is TlsLink { AsksForCertificate: true };

    private static byte[] Write(PeerCertificate peer)
    {
        if (peer.Der.Length == 0)
        {
            return Encoding.ASCII.GetBytes(
                $"X-Forwarded-Tls-Client-Cert-Info: Verified=no;Sha256={peer.Fingerprint}\r\n");
        }

        string verified = peer.IsVerified ? "yes" : "no";
        return Encoding.ASCII.GetBytes(
            $"X-Forwarded-Tls-Client-Cert: {Convert.ToBase64String(peer.Der)}\r\n"
            + $"X-Forwarded-Tls-Client-Cert-Info: Verified={verified};Subject={Quoted(peer.Subject)};"
            + $"Issuer={Quoted(peer.Issuer)};Serial={peer.Serial};Sha256={peer.Fingerprint}\r\n");
    }

    // RFC 9110 section 5.6.4.
    private static string Quoted(string text) =>
        '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
}
