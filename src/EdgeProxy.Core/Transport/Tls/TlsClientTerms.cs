using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// A policy as OpenSSL wants it, to be put on one connection while its ClientHello is looked at. That is before a
/// session may be resumed: later it would be one of another policy, and nobody would be asked for a certificate.
/// </summary>
internal sealed unsafe class TlsClientTerms
{
    private readonly SafeHandle _context;
    private readonly byte[] _scope;

    /// <param name="context">Made for the policy by <see cref="SetOn"/>; its store and names are shared.</param>
    public TlsClientTerms(ClientPolicy policy, SafeHandle context)
    {
        Policy = policy;
        _context = context;
        _scope = ScopeOf(policy);
    }

    public ClientPolicy Policy { get; }

    /// <summary>
    /// A session is resumed only where the same was asked of the client: else one without a certificate would open a
    /// door that wants one.
    /// </summary>
    public static byte[] ScopeOf(ClientPolicy policy) => Sha256.Of(Encoding.UTF8.GetBytes(
        $"{policy.Auth}\n{policy.VersionMin}\n{policy.CaPem}"));

    /// <summary>Has all connections of a context asked this way; null, or why it cannot be.</summary>
    public static string? SetOn(void* context, ClientPolicy policy)
    {
        if (policy.CaPem.Length > 0)
        {
            List<nint> authorities = PemFile.Certificates(
                policy.CaPem, TlsLimits.CertificatesMax, out string problem);
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

        byte[] scope = ScopeOf(policy);
        fixed (byte* memory = scope)
        {
            _ = LibSsl.ContextSetSessionScope(context, memory, (uint)scope.Length);
        }

        LibSsl.ContextSetVerify(context, ModeOf(policy.Auth), JudgeOf(policy.Auth));
        return null;
    }

    /// <summary>
    /// The same for one connection, whatever it had before: a second ClientHello may ask for another name.
    /// </summary>
    public void ApplyTo(void* ssl)
    {
        const int ShareIt = 1;
        void* context = (void*)_context.DangerousGetHandle();
        LibSsl.SetVerify(ssl, ModeOf(Policy.Auth), JudgeOf(Policy.Auth));
        _ = LibSsl.Control(ssl, LibSsl.ControlVerifyStore, ShareIt, LibSsl.ContextStore(context));
        LibSsl.SetClientCas(ssl, LibSsl.CopyClientCas(LibSsl.ContextClientCas(context)));
        _ = LibSsl.Control(ssl, LibSsl.ControlMinVersion, Policy.VersionMin, null);
        fixed (byte* memory = _scope)
        {
            _ = LibSsl.SetSessionScope(ssl, memory, (uint)_scope.Length);
        }

        GC.KeepAlive(_context);
    }

    private static int ModeOf(ClientAuth auth) => auth switch
    {
        ClientAuth.None => LibSsl.VerifyNone,
        ClientAuth.Request => LibSsl.VerifyPeer,
        _ => LibSsl.VerifyPeer | LibSsl.VerifyFailWithout,
    };

    // Never none: SSL_set_verify leaves a connection the callback it had, the entrypoint's or that of another name.
    private static delegate* unmanaged<int, void*, int> JudgeOf(ClientAuth auth) =>
        auth is ClientAuth.Request or ClientAuth.Require ? &OnUnverified : &OnVerified;

    [UnmanagedCallersOnly]
    private static int OnVerified(int isGood, void* state) => isGood;

    // The result is kept; who may go on with it is for others to say.
    [UnmanagedCallersOnly]
    private static int OnUnverified(int isGood, void* state) => 1;
}
