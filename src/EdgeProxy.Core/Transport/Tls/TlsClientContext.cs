using System;
using System.Collections.Generic;
using System.Net;
using System.Runtime.InteropServices;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Transport.Tls;

/// <summary>TLS towards the servers of a service.</summary>
internal sealed record TlsClientSettings
{
    /// <summary>Who signs the servers' certificates, PEM; "" for whom the system trusts.</summary>
    public string CaPem { get; init; } = "";

    /// <summary>The name asked for and verified; "" for the host of the server's URL.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Our certificate; null for none.</summary>
    public CertificateSettings? Certificate { get; init; }

    /// <summary>SHA-256 of public keys, one of which the server's is (RFC 7469 section 2.4); empty for any.</summary>
    public Sequence<Digest256> Pins { get; init; } = Sequence<Digest256>.Empty;

    /// <summary>0x0303 (TLS 1.2, the default) or 0x0304.</summary>
    public int VersionMin { get; init; } = LibSsl.Version12;

    /// <summary>HTTP/2 is asked for, and nothing else (ALPN "h2").</summary>
    public bool IsHttp2 { get; init; }

    /// <summary>Take whoever answers for the server. Pins are looked at all the same.</summary>
    public bool SkipVerify { get; init; }
}

/// <summary>The last session with a server, kept by one loop; another handshake is cheaper with it.</summary>
internal sealed unsafe class TlsSession
{
    private nint _session;

    /// <summary>Takes over a reference.</summary>
    internal void Keep(void* session)
    {
        Forget();
        _session = (nint)session;
    }

    internal void Offer(void* ssl)
    {
        if (_session != 0)
        {
            _ = LibSsl.SetSession(ssl, (void*)_session);
        }
    }

    private void Forget()
    {
        if (_session != 0)
        {
            LibSsl.FreeSession((void*)_session);
            _session = 0;
        }
    }

    ~TlsSession() => Forget();
}

/// <summary>
/// One server as TLS sees it: how connections to it are secured, the name that is asked for and verified, which is the
/// one that was dialled if the settings give no other, and each loop's last session.
/// </summary>
internal sealed unsafe class TlsDestination
{
    // X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS: RFC 9525 section 6.3.
    private const uint WholeLabelsOnly = 4;

    private readonly TlsClientContext _context;
    private readonly TlsSession[] _sessions;
    private readonly byte[] _name;
    private readonly bool _isAddress;
    private readonly bool _isHttp2;

    /// <param name="isHttp2">Asks for HTTP/2 and nothing else (RFC 7301); whether it is given is the caller's to
    /// see.</param>
    public TlsDestination(TlsClientContext context, string host, int loopCount, bool isHttp2 = false)
    {
        _isHttp2 = isHttp2;
        _context = context;
        string name = context.Settings.ServerName.Length > 0 ? context.Settings.ServerName
            : UnixEndPoint.Is(host) ? UnixEndPoint.HostName
            : host;
        _name = OpenSsl.Terminated(name);
        _isAddress = IPAddress.TryParse(name, out _);
        _sessions = new TlsSession[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            _sessions[i] = new TlsSession();
        }
    }

    /// <summary>TLS over a connection of ours to it, which may still be under way.</summary>
    public ByteLink Connect(ByteLink inner, int loopIndex, ILinkOwner owner) =>
        TlsLink.Connect(inner, _context, this, _sessions[loopIndex], owner);

    /// <summary>The name to ask for and to verify, and the session to go on with.</summary>
    internal void Prepare(void* ssl, TlsSession session)
    {
        void* verify = LibSsl.VerifyParameters(ssl);
        fixed (byte* name = _name)
        {
            if (_isAddress)
            {
                _ = LibCrypto.VerifyAddress(verify, name);
            }
            else
            {
                LibCrypto.VerifyHostFlags(verify, WholeLabelsOnly);
                _ = LibCrypto.VerifyHost(verify, name, 0);
                _ = LibSsl.Control(ssl, LibSsl.ControlHostName, 0, name); // RFC 6066 section 3: names only
            }
        }

        if (_isHttp2)
        {
            fixed (byte* protocols = Http2)
            {
                _ = LibSsl.SetAlpn(ssl, protocols, (uint)Http2.Length);
            }
        }

        session.Offer(ssl);
    }

    private static ReadOnlySpan<byte> Http2 => "\x02h2"u8;
}

/// <summary>How connections to servers are secured. Shared by all loops, and by services that say the same.</summary>
internal sealed unsafe class TlsClientContext : TlsContext
{
    private TlsClientContext(ContextHandle handle, TlsClientSettings settings)
        : base(handle) => Settings = settings;

    public TlsClientSettings Settings { get; }

    public override bool AsksForCertificate => Settings.Pins.Count > 0;

    private static ReadOnlySpan<byte> Http1 => "\x08http/1.1"u8;

    private static ReadOnlySpan<byte> Http2 => "\x02h2"u8;

    /// <summary>Null with the reason.</summary>
    public static TlsClientContext? Build(TlsClientSettings settings, out string problem)
    {
        problem = OpenSsl.Problem ?? "";
        if (problem.Length > 0)
        {
            return null;
        }

        ContextHandle handle = NewHandle(isServer: false, settings.VersionMin, 0);
        void* context = (void*)handle.DangerousGetHandle();
        problem = SetTrust(context, settings) ?? SetCertificate(context, settings) ?? "";
        byte[] ciphers = OpenSsl.Terminated(Ciphers12);
        byte[] suites = OpenSsl.Terminated(Ciphers13);
        ReadOnlySpan<byte> protocol = settings.IsHttp2 ? Http2 : Http1;
        fixed (byte* of12 = ciphers, of13 = suites, protocols = protocol)
        {
            _ = LibSsl.ContextSetCiphers(context, of12);
            _ = LibSsl.ContextSetSuites(context, of13);
            _ = LibSsl.ContextSetAlpn(context, protocols, (uint)protocol.Length);
        }

        const nint CacheMode = LibSsl.SessionCacheClient | LibSsl.SessionCacheNoInternal;
        _ = LibSsl.ContextControl(context, LibSsl.ControlSessionCacheMode, CacheMode, null);
        LibSsl.ContextSetNewSession(context, &OnSession);
        if (problem.Length == 0)
        {
            return new TlsClientContext(handle, settings);
        }

        handle.Dispose();
        return null;
    }

    public override string? Refusal(PeerCertificate? peer)
    {
        foreach (Digest256 pin in Settings.Pins)
        {
            if (peer is not null && pin.Equals(peer.Spki))
            {
                return null;
            }
        }

        return Settings.Pins.Count == 0 ? null : "certificate: its public key is none of the pinned ones";
    }

    private static string? SetTrust(void* context, TlsClientSettings settings)
    {
        LibSsl.ContextSetVerify(context, settings.SkipVerify ? LibSsl.VerifyNone : LibSsl.VerifyPeer, null);
        if (settings.CaPem.Length == 0)
        {
            _ = LibSsl.ContextTrustSystem(context);
            return null;
        }

        List<nint> authorities = PemFile.Certificates(
            settings.CaPem, TlsLimits.CertificatesMax, out string problem);
        foreach (nint authority in authorities)
        {
            _ = LibCrypto.AddTrusted(LibSsl.ContextStore(context), (void*)authority);
        }

        PemFile.Free(authorities);
        return problem.Length > 0 ? "ca " + problem : null;
    }

    private static string? SetCertificate(void* context, TlsClientSettings settings)
    {
        if (settings.Certificate is not { } own)
        {
            return null;
        }

        TlsCertificate? certificate = TlsCertificate.Read(
            own.CertificatePem, own.KeyPem, out string problem, out _);
        problem = certificate is null ? problem : Use(context, certificate) ?? "";
        certificate?.Dispose(); // the context has its own references
        return problem.Length > 0 ? $"certificate {own.Name} {problem}" : null;
    }

    // 1: we keep the reference.
    [UnmanagedCallersOnly]
    private static int OnSession(void* ssl, void* session)
    {
        TlsSession? place = TlsBio.LinkOf(ssl).Session;
        place?.Keep(session);
        return place is null ? 0 : 1;
    }
}
