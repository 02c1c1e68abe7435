using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

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
    private readonly ServerNameTable _names;
    private readonly HostPolicies _policies;
    private readonly TlsClientTerms[] _terms;
    private readonly TicketKeys _tickets;
    private readonly int _default;

    private TlsServerContext(
        TlsServerSettings settings,
        TlsCertificate[] certificates,
        ContextHandle[] contexts,
        HostPolicies policies,
        TlsClientTerms[] terms,
        TicketKeys tickets)
        : base(contexts[0])
    {
        Settings = settings;
        _certificates = certificates;
        _contexts = contexts;
        _policies = policies;
        _terms = terms;
        _tickets = tickets;
        _names = new ServerNameTable(Array.ConvertAll(certificates, static certificate => certificate.Names));
        for (int i = certificates.Length - 1; i >= 0; i--)
        {
            _default = settings.Certificates[i].IsDefault ? i : _default;
        }
    }

    public TlsServerSettings Settings { get; }

    public override bool AsksForCertificate => Settings.Policy.Auth != ClientAuth.None;

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

        var policies = new HostPolicies(settings);
        TlsClientTerms[] terms = problem.Length > 0 ? [] : TermsOf(policies, out problem);
        return problem.Length > 0
            ? null
            : new TlsServerContext(settings, certificates, contexts, policies, terms, tickets);
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

    // None where all hosts are alike: then the contexts say it.
    private static TlsClientTerms[] TermsOf(HostPolicies policies, out string problem)
    {
        problem = "";
        if (policies.IsUniform)
        {
            return [];
        }

        var terms = new TlsClientTerms[policies.All.Count];
        for (int i = 0; i < terms.Length && problem.Length == 0; i++)
        {
            ClientPolicy policy = policies.All[i];
            ContextHandle handle = NewHandle(isServer: true, policy.VersionMin, options: 0);
            problem = TlsClientTerms.SetOn((void*)handle.DangerousGetHandle(), policy) ?? "";
            problem = problem.Length > 0 && policy.Name.Length > 0 ? $"tls.options.{policy.Name} {problem}" : problem;
            terms[i] = new TlsClientTerms(policy, handle);
        }

        return terms;
    }

    private static ContextHandle NewContext(TlsServerSettings settings, TlsCertificate certificate, out string problem)
    {
        ulong options = LibSsl.OptionServerPreference | LibSsl.OptionPrioritizeChaCha
            | (settings.SessionTickets ? 0 : LibSsl.OptionNoTicket);
        ContextHandle handle = NewHandle(isServer: true, settings.Policy.VersionMin, options);
        void* context = (void*)handle.DangerousGetHandle();
        problem = SetCiphers(context, settings) ?? Use(context, certificate)
            ?? TlsClientTerms.SetOn(context, settings.Policy) ?? "";

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

        LibSsl.ContextSetHelloJudge(context, &OnClientHello, null);
        _ = LibSsl.ContextSetServerName(context, LibSsl.ControlServerNameCallback, &OnServerName);
        LibSsl.ContextSetAlpnChoice(context, &OnProtocols, null);
        return handle;
    }

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

    // False if there is nothing to show.
    private bool TryChoose(void* ssl, TlsLink link)
    {
        ReadOnlySpan<byte> name = ClientHello.NameIn(ssl);
        int place = _names.Find(name);
        if (place < 0 && Settings.StrictSni)
        {
            return false;
        }

        place = place < 0 ? _default : place;
        link.Certificate = _certificates[place];
        _ = LibSsl.SetContext(ssl, (void*)_contexts[place].DangerousGetHandle());
        if (_terms.Length > 0)
        {
            TlsClientTerms terms = _terms[_policies.PlaceOf(name)];
            link.Policy = terms.Policy;
            terms.ApplyTo(ssl);
        }

        return true;
    }

    // Before a version is chosen and before a session is looked for, so that both are those of the name.
    [UnmanagedCallersOnly]
    private static int OnClientHello(void* ssl, int* alert, void* state)
    {
        TlsLink link = TlsBio.LinkOf(ssl);
        try
        {
            if (((TlsServerContext)link.Context).TryChoose(ssl, link))
            {
                return LibSsl.HelloGood;
            }
        }
        catch (Exception exception)
        {
            link.Failed(exception);
        }

        link.Refuse(TlsFailure.UnknownName);
        *alert = LibSsl.AlertUnrecognizedName;
        return LibSsl.HelloRefused;
    }

    // That the name counted is to be said (RFC 6066 section 3); all is done by then.
    [UnmanagedCallersOnly]
    private static int OnServerName(void* ssl, int* alert, void* state) => LibSsl.CallbackOk;

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
}
