using System;
using System.Collections.Generic;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// A certificate with its chain and its private key, read from PEM and found to fit each other. Owns OpenSSL's objects.
/// </summary>
internal sealed unsafe class TlsCertificate : SafeHandle
{
    private const int NameBytesMax = 256;

    private readonly nint[] _chain;
    private readonly nint _key;

    private TlsCertificate(nint[] certificates, nint key)
        : base(0, ownsHandle: true)
    {
        SetHandle(certificates[0]);
        _chain = certificates[1..];
        _key = key;
        Names = ReadNames((void*)certificates[0]);
        DaysLeft = ReadDaysLeft((void*)certificates[0]);
        ExpiresAt = ReadExpiry((void*)certificates[0]);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>DNS names and addresses it is for, lower case: its alternative names, else its common name.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Negative once it has expired.</summary>
    public int DaysLeft { get; }

    /// <summary>Its notAfter; null if that is no time.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    internal void* Leaf => (void*)handle;

    internal void* Key => (void*)_key;

    internal int ChainLength => _chain.Length;

    internal void* ChainAt(int index) => (void*)_chain[index];

    /// <summary>Null with the reason, which quotes nothing of the files.</summary>
    /// <param name="isKeyAtFault">The reason is about the key's file.</param>
    public static TlsCertificate? Read(
        string certificatePem, string keyPem, out string problem, out bool isKeyAtFault)
    {
        isKeyAtFault = false;
        List<nint> certificates = PemFile.Certificates(certificatePem, TlsLimits.ChainMax, out problem);
        if (problem.Length > 0)
        {
            PemFile.Free(certificates);
            return null;
        }

        isKeyAtFault = true;
        void* key = PemFile.PrivateKey(keyPem, out problem);
        if (key is not null && LibCrypto.IsKeyOf((void*)certificates[0], key) != 1)
        {
            problem = "is not the key of the certificate";
        }
        else if (key is not null && !IsInOrder(certificates))
        {
            isKeyAtFault = false;
            problem = "has its certificates out of order: each must be signed by the next, its own first";
        }

        if (problem.Length > 0)
        {
            PemFile.Free(certificates);
            LibCrypto.FreeKey(key);
            return null;
        }

        return new TlsCertificate([.. certificates], (nint)key);
    }

    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeCertificate((void*)handle);
        foreach (nint certificate in _chain)
        {
            LibCrypto.FreeCertificate((void*)certificate);
        }

        LibCrypto.FreeKey((void*)_key);
        return true;
    }

    private static bool IsInOrder(List<nint> certificates)
    {
        for (int i = 1; i < certificates.Count; i++)
        {
            if (LibCrypto.CheckIssued((void*)certificates[i], (void*)certificates[i - 1]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Its notAfter is past.</summary>
    public static bool IsOver(void* certificate) => ReadDaysLeft(certificate) < 0;

    private static int ReadDaysLeft(void* certificate)
    {
        int days = 0;
        int seconds = 0;
        _ = LibCrypto.TimeBetween(&days, &seconds, null, LibCrypto.NotAfter(certificate));
        return days == 0 && seconds < 0 ? -1 : days;
    }

    private static DateTimeOffset? ReadExpiry(void* certificate)
    {
        const int partsOfTm = 16; // struct tm has 56 bytes
        int* parts = stackalloc int[partsOfTm];
        return LibCrypto.TimeToParts(LibCrypto.NotAfter(certificate), parts) == 1
            ? new DateTimeOffset(
                1900 + parts[5], 1 + parts[4], parts[3], parts[2], parts[1], Math.Min(parts[0], 59), TimeSpan.Zero)
            : null;
    }

    private static List<string> ReadNames(void* certificate)
    {
        var names = new List<string>();
        void* alternatives = LibCrypto.Extension(certificate, LibCrypto.NidSubjectAltName, null, null);
        int count = alternatives is null ? 0 : LibCrypto.StackCount(alternatives);
        for (int i = 0; i < count; i++)
        {
            var name = (GeneralName*)LibCrypto.StackItem(alternatives, i);
            var bytes = name->Kind is LibCrypto.GeneralNameDns or LibCrypto.GeneralNameIp
                ? new ReadOnlySpan<byte>(LibCrypto.StringBytes(name->Value), LibCrypto.StringLength(name->Value))
                : default;
            if (name->Kind == LibCrypto.GeneralNameDns && bytes.Length is > 0 and < NameBytesMax)
            {
                names.Add(Encoding.Latin1.GetString(bytes).ToLowerInvariant());
            }
            else if (name->Kind == LibCrypto.GeneralNameIp && bytes.Length is 4 or 16)
            {
                names.Add(new IPAddress(bytes).ToString());
            }
        }

        LibCrypto.FreeNames(alternatives);
        if (names.Count == 0)
        {
            byte* text = stackalloc byte[NameBytesMax];
            int length = LibCrypto.NameText(
                LibCrypto.Subject(certificate), LibCrypto.NidCommonName, text, NameBytesMax);
            if (length > 0)
            {
                names.Add(Encoding.Latin1.GetString(text, length).ToLowerInvariant());
            }
        }

        return names;
    }
}
