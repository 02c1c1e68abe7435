using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// How OpenSSL reaches a link: a BIO of our own, whose reads and writes are those of the link below. So TLS runs over
/// whatever a link runs over, and readiness and counters stay where they are kept.
/// </summary>
internal static unsafe class TlsBio
{
    // One for the process, as OpenSSL wants it; never freed.
    private static readonly nint s_method = MakeMethod();

    /// <summary>A BIO for <paramref name="owner"/>, which MUST be freed with it.</summary>
    public static void* New(GCHandle owner)
    {
        void* bio = LibCrypto.BioNew((void*)s_method);
        if (bio is null)
        {
            throw new InsufficientMemoryException("OpenSSL has no memory for a BIO");
        }

        LibCrypto.BioSetState(bio, (void*)GCHandle.ToIntPtr(owner));
        LibCrypto.BioSetReady(bio, 1);
        return bio;
    }

    /// <summary>The link an SSL belongs to, inside a callback of it.</summary>
    public static TlsLink LinkOf(void* ssl) => OwnerOf(LibSsl.ReadBio(ssl));

    private static TlsLink OwnerOf(void* bio) =>
        Unsafe.As<TlsLink>(GCHandle.FromIntPtr((nint)LibCrypto.BioState(bio)).Target!);

    private static nint MakeMethod()
    {
        fixed (byte* name = "edgeproxy link\0"u8)
        {
            void* method = LibCrypto.BioMethodNew(LibCrypto.BioNewIndex(), name);
            if (method is null)
            {
                throw new InsufficientMemoryException("OpenSSL has no memory for a BIO method");
            }

            _ = LibCrypto.BioMethodSetRead(method, &OnRead);
            _ = LibCrypto.BioMethodSetWrite(method, &OnWrite);
            _ = LibCrypto.BioMethodSetControl(method, &OnControl);
            return (nint)method;
        }
    }

    // An exception must not unwind through C: it ends the connection, and the link remembers it.
    [UnmanagedCallersOnly]
    private static int OnRead(void* bio, byte* into, int length)
    {
        LibCrypto.BioClearFlags(bio, LibCrypto.BioFlagRead | LibCrypto.BioFlagWrite | LibCrypto.BioFlagRetry);
        TlsLink owner = OwnerOf(bio);
        try
        {
            if (length <= 0)
            {
                return 0;
            }

            switch (owner.ReadBelow(new Span<byte>(into, length), out int count))
            {
                case LinkStatus.Ok:
                    return count;
                case LinkStatus.WouldBlock:
                    LibCrypto.BioSetFlags(bio, LibCrypto.BioFlagRead | LibCrypto.BioFlagRetry);
                    return -1;
                case LinkStatus.End:
                    return 0;
                default:
                    return -1;
            }
        }
        catch (Exception exception)
        {
            owner.Failed(exception);
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static int OnWrite(void* bio, byte* from, int length)
    {
        LibCrypto.BioClearFlags(bio, LibCrypto.BioFlagRead | LibCrypto.BioFlagWrite | LibCrypto.BioFlagRetry);
        TlsLink owner = OwnerOf(bio);
        try
        {
            switch (owner.WriteBelow(new ReadOnlySpan<byte>(from, length), out int count))
            {
                case LinkStatus.Ok when count > 0:
                    return count;
                case LinkStatus.Ok or LinkStatus.WouldBlock:
                    LibCrypto.BioSetFlags(bio, LibCrypto.BioFlagWrite | LibCrypto.BioFlagRetry);
                    return -1;
                default:
                    return -1;
            }
        }
        catch (Exception exception)
        {
            owner.Failed(exception);
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static nint OnControl(void* bio, int command, nint number, void* value) => command switch
    {
        LibCrypto.BioControlFlush => 1,
        LibCrypto.BioControlEof => OwnerOf(bio).HasEndedBelow ? 1 : 0,
        _ => 0,
    };
}
