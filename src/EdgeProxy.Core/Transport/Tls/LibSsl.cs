using System.Runtime.InteropServices;

namespace EdgeProxy.Transport.Tls;

/// <summary>What TLS needs of libssl of OpenSSL 3. Loaded by the first call, see <see cref="LibCrypto"/>.</summary>
internal static unsafe partial class LibSsl
{
    public const int ErrorSsl = 1;
    public const int ErrorWantRead = 2;
    public const int ErrorWantWrite = 3;
    public const int ErrorZeroReturn = 6;

    public const int ControlMode = 33;
    public const int ControlReadAhead = 41;
    public const int ControlSessionCacheMode = 44;
    public const int ControlServerNameCallback = 53;
    public const int ControlHostName = 55;
    public const int ControlChainCertificate = 89;
    public const int ControlVerifyStore = 106;
    public const int ControlMinVersion = 123;

    public const nint ModePartialWrite = 0x1;
    public const nint ModeMovingWriteBuffer = 0x2;
    public const nint ModeReleaseBuffers = 0x10;

    public const ulong OptionNoTicket = 1ul << 14;
    public const ulong OptionNoCompression = 1ul << 17;
    public const ulong OptionPrioritizeChaCha = 1ul << 21;
    public const ulong OptionServerPreference = 1ul << 22;
    public const ulong OptionNoRenegotiation = 1ul << 30;

    public const nint SessionCacheOff = 0;
    public const nint SessionCacheClient = 0x1;
    public const nint SessionCacheNoInternal = 0x300;

    public const int Version12 = 0x0303;
    public const int Version13 = 0x0304;

    public const int VerifyNone = 0;
    public const int VerifyPeer = 1;
    public const int VerifyFailWithout = 2;

    public const int CallbackOk = 0;
    public const int CallbackFatal = 2;
    public const int CallbackNoAcknowledge = 3;

    // enum SSL_TICKET_STATUS and what is to be done about it.
    public const int TicketGood = 5;
    public const int TicketGoodButOld = 6;
    public const int TicketPassOver = 2; // and give a new one
    public const int TicketUse = 3;
    public const int TicketUseAndRenew = 4;

    // What a callback that looks at a ClientHello says.
    public const int HelloGood = 1;
    public const int HelloRefused = 0;

    public const int BothShutDown = 3;

    public const int AlertUnrecognizedName = 112;

    private const string Library = "libssl.so.3";

    [LibraryImport(Library, EntryPoint = "TLS_server_method")]
    public static partial void* ServerMethod();

    [LibraryImport(Library, EntryPoint = "TLS_client_method")]
    public static partial void* ClientMethod();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    public static partial void* ContextNew(void* method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_free")]
    public static partial void ContextFree(void* context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_options")]
    public static partial ulong ContextSetOptions(void* context, ulong options);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint ContextControl(void* context, int command, nint number, void* value);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_callback_ctrl")]
    public static partial nint ContextSetServerName(
        void* context, int command, delegate* unmanaged<void*, int*, void*, int> callback);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_certificate")]
    public static partial int ContextUseCertificate(void* context, void* certificate);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_PrivateKey")]
    public static partial int ContextUseKey(void* context, void* key);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_cipher_list")]
    public static partial int ContextSetCiphers(void* context, byte* names);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_ciphersuites")]
    public static partial int ContextSetSuites(void* context, byte* names);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_alpn_select_cb")]
    public static partial void ContextSetAlpnChoice(
        void* context, delegate* unmanaged<void*, byte**, byte*, byte*, uint, void*, int> callback, void* state);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_alpn_protos")]
    public static partial int ContextSetAlpn(void* context, byte* protocols, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_set_alpn_protos")]
    public static partial int SetAlpn(void* ssl, byte* protocols, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_session_id_context")]
    public static partial int ContextSetSessionScope(void* context, byte* scope, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_tlsext_ticket_key_evp_cb")]
    public static partial int ContextSetTicketKeys(
        void* context, delegate* unmanaged<void*, byte*, byte*, void*, void*, int, int> callback);

    /// <summary>The second callback is asked about each ticket that came in, with what was in it.</summary>
    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_session_ticket_cb")]
    public static partial int ContextSetTicketJudge(
        void* context,
        void* onMade,
        delegate* unmanaged<void*, void*, byte*, nuint, int, void*, int> onOpened,
        void* state);

    /// <summary>Null if the peer gave no certificate; it belongs to the session.</summary>
    [LibraryImport(Library, EntryPoint = "SSL_SESSION_get0_peer")]
    public static partial void* CertificateIn(void* session);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_num_tickets")]
    public static partial int ContextSetTicketCount(void* context, nuint count);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_timeout")]
    public static partial nint ContextSetSessionSeconds(void* context, nint seconds);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_verify")]
    public static partial void ContextSetVerify(
        void* context, int mode, delegate* unmanaged<int, void*, int> callback);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_get_cert_store")]
    public static partial void* ContextStore(void* context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_default_verify_paths")]
    public static partial int ContextTrustSystem(void* context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_add_client_CA")]
    public static partial int ContextAddClientCa(void* context, void* certificate);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_sess_set_new_cb")]
    public static partial void ContextSetNewSession(void* context, delegate* unmanaged<void*, void*, int> callback);

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    public static partial void* New(void* context);

    [LibraryImport(Library, EntryPoint = "SSL_free")]
    public static partial void Free(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_bio")]
    public static partial void SetBio(void* ssl, void* read, void* write);

    [LibraryImport(Library, EntryPoint = "SSL_get_rbio")]
    public static partial void* ReadBio(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_accept_state")]
    public static partial void SetAccept(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_connect_state")]
    public static partial void SetConnect(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_do_handshake")]
    public static partial int Handshake(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_read")]
    public static partial int Read(void* ssl, byte* into, int length);

    [LibraryImport(Library, EntryPoint = "SSL_peek")]
    public static partial int Peek(void* ssl, byte* into, int length);

    [LibraryImport(Library, EntryPoint = "SSL_write")]
    public static partial int Write(void* ssl, byte* from, int length);

    [LibraryImport(Library, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_shutdown")]
    public static partial void SetShutdown(void* ssl, int mode);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "SSL_get_error")]
    public static partial int ErrorOf(void* ssl, int result);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "SSL_has_pending")]
    public static partial int HasPending(void* ssl);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "SSL_in_init")]
    public static partial int IsInHandshake(void* ssl);

    /// <summary>The callback is asked about each ClientHello before anything comes of it.</summary>
    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_client_hello_cb")]
    public static partial void ContextSetHelloJudge(
        void* context, delegate* unmanaged<void*, int*, void*, int> callback, void* state);

    /// <summary>1 if the ClientHello at hand has it; the bytes are the connection's.</summary>
    [LibraryImport(Library, EntryPoint = "SSL_client_hello_get0_ext")]
    public static partial int HelloExtension(void* ssl, uint type, byte** bytes, nuint* length);

    [LibraryImport(Library, EntryPoint = "SSL_set_verify")]
    public static partial void SetVerify(void* ssl, int mode, delegate* unmanaged<int, void*, int> callback);

    [LibraryImport(Library, EntryPoint = "SSL_set_session_id_context")]
    public static partial int SetSessionScope(void* ssl, byte* scope, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_get_client_CA_list")]
    public static partial void* ContextClientCas(void* context);

    [LibraryImport(Library, EntryPoint = "SSL_dup_CA_list")]
    public static partial void* CopyClientCas(void* names);

    /// <summary>They are the connection's from then on.</summary>
    [LibraryImport(Library, EntryPoint = "SSL_set_client_CA_list")]
    public static partial void SetClientCas(void* ssl, void* names);

    [LibraryImport(Library, EntryPoint = "SSL_set_SSL_CTX")]
    public static partial void* SetContext(void* ssl, void* context);

    [LibraryImport(Library, EntryPoint = "SSL_get0_alpn_selected")]
    public static partial void AlpnChosen(void* ssl, byte** protocol, uint* length);

    [LibraryImport(Library, EntryPoint = "SSL_version")]
    public static partial int VersionOf(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_session_reused")]
    public static partial int IsResumed(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get_verify_result")]
    public static partial nint VerifyResult(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get1_peer_certificate")]
    public static partial void* PeerCertificate(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get0_param")]
    public static partial void* VerifyParameters(void* ssl);

    [LibraryImport(Library, EntryPoint = "SSL_ctrl")]
    public static partial nint Control(void* ssl, int command, nint number, void* value);

    [LibraryImport(Library, EntryPoint = "SSL_get_session")]
    public static partial void* SessionOf(void* ssl);

    /// <summary>0: not negotiated; 1 to 4: 512, 1024, 2048, 4096 (RFC 6066 section 4).</summary>
    [LibraryImport(Library, EntryPoint = "SSL_SESSION_get_max_fragment_length")]
    public static partial byte FragmentLengthOf(void* session);

    [LibraryImport(Library, EntryPoint = "SSL_set_session")]
    public static partial int SetSession(void* ssl, void* session);

    [LibraryImport(Library, EntryPoint = "SSL_SESSION_free")]
    public static partial void FreeSession(void* session);
}
