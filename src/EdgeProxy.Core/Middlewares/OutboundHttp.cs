using System;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EdgeProxy.Middlewares;

/// <summary>
/// A client for what middlewares ask others off the loops: who may pass, keys of an issuer. It follows no redirect,
/// keeps no cookie, knows no proxy, and what it asks may be asked again, since all of it only asks.
/// </summary>
internal static class OutboundHttp
{
    /// <summary>Connections to one server.</summary>
    public const int ConnectionsMax = 64;

    private const int HeadKibMax = 32;
    private const int DrainBytesMax = 64 * 1024;

    // A name is looked up again when its connections are opened anew.
    private static readonly TimeSpan ConnectionAgeMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(60);

    /// <summary>Lives as long as who asks; connections nobody uses close by themselves.</summary>
    /// <param name="caPem">Whom to trust with TLS, and nobody else; empty: whom the system trusts.</param>
    /// <param name="keepsConnections">Else each is used once.</param>
    public static HttpMessageInvoker Create(
        string caPem, TimeSpan connectTimeout, bool keepsConnections = true) => new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            MaxConnectionsPerServer = ConnectionsMax,
            MaxResponseHeadersLength = HeadKibMax,
            MaxResponseDrainSize = DrainBytesMax,
            PooledConnectionLifetime = keepsConnections ? ConnectionAgeMax : TimeSpan.Zero,
            PooledConnectionIdleTimeout = IdleMax,

            // Bytes are bytes: what a client sent beyond ASCII goes on as it came.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            SslOptions = TlsOf(caPem),
        });

    private static SslClientAuthenticationOptions TlsOf(string caPem)
    {
        var options = new SslClientAuthenticationOptions();
        if (caPem.Length > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPem(caPem);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }
}
