using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// TLS of an entrypoint: its certificates, chosen by the name a client asks for, and what it asks of clients.
/// Immutable; a reload makes another, and connections that are open keep theirs.
/// </summary>
internal sealed unsafe class TlsServerContext : TlsContext
{
    // Tickets are good for the time a key opens them, at most.
    private const int SessionSeconds = 2 * 3600;

    private readonly TlsCertificate[] _certificates;
    private readonly ContextHandle[] _contexts;
    private readonly CertificateTable _names;
    private readonly TicketKeys _tickets;
    private readonly int _default;

    private TlsServerContext(
        TlsServerSettings settings, TlsCertificate[] certificates, ContextHandle[] contexts, TicketKeys tickets)
        : base(contexts[0])
    {
        Settings = settings;
        _certificates = certificates;
        _contexts = contexts;
        _tickets = tickets;
        _names = new CertificateTable(Array.ConvertAll(certificates, static certificate => certificate.Names));
        for (int i = certificates.Length - 1; i >= 0; i--)
        {
            _default = settings.Certificates[i].IsDefault ? i : _default;
        }
    }

    public TlsServerSettings Settings { get; }

    public override bool AsksForCertificate => Settings.ClientAuth != ClientAuth.None;

    private static ReadOnlySpan<byte> Http1 => "\x08http/1.1"u8;

    private static ReadOnlySpan<byte> Http2 => "\x02h2"u8;

    /// <summary>Null with the reason.</summary>
    public static TlsServerContext? Build(TlsServerSettings settings, TicketKeys tickets, out string problem)
    {
        problem = OpenSsl.Problem ?? "";
        int count = settings.Certificates.Count;
        var certificates = new TlsCertificate[count];
        var contexts = new ContextHandle[count];
        for (int i = 0; i < count && problem.Length == 0; i++)
        {
            CertificateSettings wanted = settings.Certificates[i];
            TlsCertificate? certificate = TlsCertificate.Read(
                wanted.CertificatePem, wanted.KeyPem, out problem, out _);
            if (certificate is not null)
            {
                certificates[i] = certificate;
                contexts[i] = NewContext(settings, certificate, out problem);
            }

            problem = problem.Length > 0 ? $"certificate {wanted.Name} {problem}" : "";
        }

        return problem.Length > 0 ? null : new TlsServerContext(settings, certificates, contexts, tickets);
    }

    /// <summary>
    /// Whether a request for this host may come over a connection whose handshake was for another name: the same
    /// certificate has to answer for both. Without strict_sni every name may.
    /// </summary>
    public bool Covers(ReadOnlySpan<byte> host, TlsCertificate? shown)
    {
        if (!Settings.StrictSni)
        {
            return true;
        }

        int place = _names.Find(host);
        return place >= 0 && ReferenceEquals(_certificates[place], shown);
    }

    /// <summary>Certificates that have expired (a negative number) or will soon, by file.</summary>
    public IEnumerable<(string File, int DaysLeft)> Expiring()
    {
        for (int i = 0; i < _certificates.Length; i++)
        {
            if (_certificates[i].DaysLeft < TlsLimits.ExpiryWarningDays)
            {
                yield return (Settings.Certificates[i].Name, _certificates[i].DaysLeft);
            }
        }
    }

    /// <summary>When each certificate expires, by file.</summary>
    public IEnumerable<(string File, DateTimeOffset At)> Expiries()
    {
        for (int i = 0; i < _certificates.Length; i++)
        {
            if (_certificates[i].ExpiresAt is { } at)
            {
                yield return (Settings.Certificates[i].Name, at);
            }
        }
    }

    private static ContextHandle NewContext(TlsServerSettings settings, TlsCertificate certificate, out string problem)
    {
        ulong options = LibSsl.OptionServerPreference | LibSsl.OptionPrioritizeChaCha
            | (settings.SessionTickets ? 0 : LibSsl.OptionNoTicket);
        ContextHandle handle = NewHandle(isServer: true, settings.VersionMin, options);
        void* context = (void*)handle.DangerousGetHandle();
        problem = SetCiphers(context, settings) ?? Use(context, certificate) ?? SetClientAuth(context, settings) ?? "";

        // Nothing is kept here: a ticket holds its session, and every loop can open it.
        _ = LibSsl.ContextControl(context, LibSsl.ControlSessionCacheMode, LibSsl.SessionCacheOff, null);
        _ = LibSsl.ContextSetSessionSeconds(context, SessionSeconds);
        if (settings.SessionTickets)
        {
            _ = LibSsl.ContextSetTicketKeys(context, &OnTicket);
            _ = LibSsl.ContextSetTicketJudge(context, null, &OnTicketOpened, null);
        }
        else
        {
            _ = LibSsl.ContextSetTicketCount(context, 0);
        }

        byte[] scope = SessionScope(settings);
        fixed (byte* memory = scope)
        {
            _ = LibSsl.ContextSetSessionScope(context, memory, (uint)scope.Length);
        }

        _ = LibSsl.ContextSetServerName(context, LibSsl.ControlServerNameCallback, &OnServerName);
        LibSsl.ContextSetAlpnChoice(context, &OnProtocols, null);
        return handle;
    }

    // A session is resumed only where the same was asked of the client: else one without a certificate would open a
    // door that wants one.
    private static byte[] SessionScope(TlsServerSettings settings) => Sha256.Of(Encoding.UTF8.GetBytes(
        $"{settings.ClientAuth}\n{settings.VersionMin}\n{settings.ClientCaPem}"));

    private static string? SetCiphers(void* context, TlsServerSettings settings)
    {
        var older = new List<string>();
        var newer = new List<string>();
        foreach (string name in settings.Ciphers)
        {
            (name.StartsWith("TLS_", StringComparison.Ordinal) ? newer : older).Add(name);
        }

        byte[] names12 = OpenSsl.Terminated(older.Count > 0 ? string.Join(':', older) : Ciphers12);
        byte[] names13 = OpenSsl.Terminated(newer.Count > 0 ? string.Join(':', newer) : Ciphers13);
        fixed (byte* of12 = names12, of13 = names13)
        {
            return LibSsl.ContextSetCiphers(context, of12) == 1 && LibSsl.ContextSetSuites(context, of13) == 1
                ? null
                : "cannot be used with these ciphers: " + OpenSsl.LastText();
        }
    }

    private static string? SetClientAuth(void* context, TlsServerSettings settings)
    {
        if (settings.ClientCaPem.Length > 0)
        {
            List<nint> authorities = PemFile.Certificates(
                settings.ClientCaPem, TlsLimits.CertificatesMax, out string problem);
            foreach (nint authority in authorities)
            {
                _ = LibCrypto.AddTrusted(LibSsl.ContextStore(context), (void*)authority);
                _ = LibSsl.ContextAddClientCa(context, (void*)authority);
            }

            PemFile.Free(authorities);
            if (problem.Length > 0)
            {
                return $"cannot be used: client_ca {problem}";
            }
        }

        switch (settings.ClientAuth)
        {
            case ClientAuth.Request:
                LibSsl.ContextSetVerify(context, LibSsl.VerifyPeer, &OnUnverified);
                break;
            case ClientAuth.Require:
                LibSsl.ContextSetVerify(context, LibSsl.VerifyPeer | LibSsl.VerifyFailWithout, &OnUnverified);
                break;
            case ClientAuth.Verify:
                LibSsl.ContextSetVerify(context, LibSsl.VerifyPeer | LibSsl.VerifyFailWithout, null);
                break;
        }

        return null;
    }

    private int Choose(void* ssl, TlsLink link)
    {
        const int HostName = 0;
        byte* asked = LibSsl.ServerName(ssl, HostName);
        ReadOnlySpan<byte> name = asked is null
            ? default
            : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(asked);
        int place = _names.Find(name);
        if (place < 0 && Settings.StrictSni)
        {
            return -1;
        }

        place = place < 0 ? _default : place;
        link.Certificate = _certificates[place];
        if (place != 0)
        {
            _ = LibSsl.SetContext(ssl, (void*)_contexts[place].DangerousGetHandle());
        }

        return place;
    }

    [UnmanagedCallersOnly]
    private static int OnServerName(void* ssl, int* alert, void* state)
    {
        TlsLink link = TlsBio.LinkOf(ssl);
        try
        {
            if (((TlsServerContext)link.Context).Choose(ssl, link) >= 0)
            {
                return LibSsl.CallbackOk;
            }
        }
        catch (Exception exception)
        {
            link.Failed(exception);
        }

        link.Refuse(TlsFailure.UnknownName);
        *alert = LibSsl.AlertUnrecognizedName;
        return LibSsl.CallbackFatal;
    }

    // RFC 7301 section 3.2: without a protocol both know the handshake fails. Ours comes first, whatever the order is.
    [UnmanagedCallersOnly]
    private static int OnProtocols(
        void* ssl, byte** chosen, byte* chosenLength, byte* offered, uint offeredLength, void* state)
    {
        var offers = new ReadOnlySpan<byte>(offered, (int)offeredLength);
        TlsLink link = TlsBio.LinkOf(ssl);
        int place = ((TlsServerContext)link.Context).Settings.OffersHttp2 ? PlaceOf(Http2, offers) : -1;
        place = place < 0 ? PlaceOf(Http1, offers) : place;
        if (place < 0)
        {
            return LibSsl.CallbackFatal;
        }

        *chosen = offered + place + 1;
        *chosenLength = offers[place];
        return LibSsl.CallbackOk;
    }

    private static int PlaceOf(ReadOnlySpan<byte> protocol, ReadOnlySpan<byte> offers)
    {
        for (int at = 0; at < offers.Length; at += 1 + offers[at])
        {
            if (offers[at..].StartsWith(protocol))
            {
                return at;
            }
        }

        return -1;
    }

    [UnmanagedCallersOnly]
    private static int OnTicket(void* ssl, byte* name, byte* vector, void* cipher, void* mac, int isSealing)
    {
        TlsLink link = TlsBio.LinkOf(ssl);
        try
        {
            return ((TlsServerContext)link.Context)._tickets.Prepare(name, vector, cipher, mac, isSealing != 0);
        }
        catch (Exception exception)
        {
            link.Failed(exception);
            return -1;
        }
    }

    // A session was verified when it began, and each resumption makes another ticket: without this a client could go on
    // with a certificate long after its end.
    [UnmanagedCallersOnly]
    private static int OnTicketOpened(
        void* ssl, void* session, byte* name, nuint nameLength, int status, void* state)
    {
        if (status is not (LibSsl.TicketGood or LibSsl.TicketGoodButOld))
        {
            return LibSsl.TicketPassOver;
        }

        void* certificate = LibSsl.CertificateIn(session);
        return certificate is not null && TlsCertificate.IsOver(certificate) ? LibSsl.TicketPassOver
            : status == LibSsl.TicketGood ? LibSsl.TicketUse
            : LibSsl.TicketUseAndRenew;
    }

    // The result is kept; who may go on with it is for others to say.
    [UnmanagedCallersOnly]
    private static int OnUnverified(int isGood, void* state) => 1;
}
