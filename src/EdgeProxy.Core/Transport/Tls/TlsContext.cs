using System;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// What many connections have in common, as OpenSSL keeps it: certificates, versions, ciphers, whom to trust. Shared
/// by all loops; a connection that is open keeps what it began with.
/// </summary>
internal abstract unsafe class TlsContext
{
    /// <summary>RFC 9325 section 4.2: forward secrecy and authenticated encryption, nothing else. TLS 1.2.</summary>
    public const string Ciphers12 =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

    /// <summary>RFC 8446 section 9.1, the cheapest first.</summary>
    public const string Ciphers13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

    protected TlsContext(ContextHandle handle) => Handle = handle;

    /// <summary>The peer is asked for a certificate, or has to have one.</summary>
    public abstract bool AsksForCertificate { get; }

    protected ContextHandle Handle { get; }

    /// <summary>Why a peer that OpenSSL accepts is refused all the same; null if it is not.</summary>
    public virtual string? Refusal(PeerCertificate? peer) => null;

    /// <summary>An SSL of this context; the caller frees it. The context lives as long as its connections.</summary>
    internal void* NewSsl()
    {
        void* ssl = LibSsl.New((void*)Handle.DangerousGetHandle());
        GC.KeepAlive(Handle);
        return ssl is null ? throw new InsufficientMemoryException("OpenSSL has no memory for a connection") : ssl;
    }

    /// <summary>A context with what all of ours have; the rest is for the caller to add.</summary>
    protected static ContextHandle NewHandle(bool isServer, int versionMin, ulong options)
    {
        LibCrypto.ClearErrors();
        void* context = LibSsl.ContextNew(isServer ? LibSsl.ServerMethod() : LibSsl.ClientMethod());
        if (context is null)
        {
            throw new InsufficientMemoryException("OpenSSL has no memory for a context");
        }

        _ = LibSsl.ContextSetOptions(
            context, options | LibSsl.OptionNoCompression | LibSsl.OptionNoRenegotiation);
        const nint Mode = LibSsl.ModePartialWrite | LibSsl.ModeMovingWriteBuffer | LibSsl.ModeReleaseBuffers;
        _ = LibSsl.ContextControl(context, LibSsl.ControlMode, Mode, null);
        _ = LibSsl.ContextControl(context, LibSsl.ControlReadAhead, 1, null);
        _ = LibSsl.ContextControl(context, LibSsl.ControlMinVersion, versionMin, null);
        return new ContextHandle((nint)context);
    }

    /// <summary>Certificate, chain and key; null, or why OpenSSL refuses them.</summary>
    protected static string? Use(void* context, TlsCertificate certificate)
    {
        LibCrypto.ClearErrors();
        bool isTaken = LibSsl.ContextUseCertificate(context, certificate.Leaf) == 1;
        for (int i = 0; isTaken && i < certificate.ChainLength; i++)
        {
            const int CopyIt = 1;
            isTaken = LibSsl.ContextControl(
                context, LibSsl.ControlChainCertificate, CopyIt, certificate.ChainAt(i)) == 1;
        }

        isTaken = isTaken && LibSsl.ContextUseKey(context, certificate.Key) == 1;
        return isTaken ? null : OpenSsl.LastText();
    }

    /// <summary>An SSL_CTX, counted by OpenSSL: freed here it lives on in its connections.</summary>
    protected sealed class ContextHandle : SafeHandle
    {
        public ContextHandle(nint context)
            : base(0, ownsHandle: true) => SetHandle(context);

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            LibSsl.ContextFree((void*)handle);
            return true;
        }
    }
}
