using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeProxy.Transport.Tls;

/// <summary>Reads certificates and keys out of PEM text (RFC 7468), by OpenSSL.</summary>
internal static unsafe class PemFile
{
    /// <summary>
    /// All certificates in the order of the text, to be freed; the reason is "" only if there is at least one and none
    /// is bad.
    /// </summary>
    public static List<nint> Certificates(string pem, int countMax, out string problem)
    {
        var certificates = new List<nint>();
        problem = "";
        int wanted = CountOf(pem, "-----BEGIN CERTIFICATE-----")
            + CountOf(pem, "-----BEGIN TRUSTED CERTIFICATE-----");
        if (wanted == 0 || wanted > countMax)
        {
            problem = wanted == 0
                ? "has no certificate in PEM"
                : $"has {wanted} certificates; up to {countMax} are read";
            return certificates;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(pem);
        fixed (byte* memory = bytes)
        {
            void* bio = LibCrypto.BioOverMemory(memory, bytes.Length);
            LibCrypto.ClearErrors();
            while (certificates.Count < wanted
                && (nint)LibCrypto.ReadCertificate(bio, null, &NoPassword, null) is not 0 and var certificate)
            {
                certificates.Add(certificate);
            }

            if (certificates.Count < wanted)
            {
                problem = $"has a certificate that cannot be read, number {certificates.Count + 1}";
            }

            _ = LibCrypto.BioFree(bio);
        }

        return certificates;
    }

    /// <summary>The private key, to be freed; null with the reason.</summary>
    public static void* PrivateKey(string pem, out string problem)
    {
        problem = "";
        byte[] bytes = Encoding.UTF8.GetBytes(pem);
        void* key;
        fixed (byte* memory = bytes)
        {
            void* bio = LibCrypto.BioOverMemory(memory, bytes.Length);
            LibCrypto.ClearErrors();
            key = LibCrypto.ReadPrivateKey(bio, null, &NoPassword, null);
            _ = LibCrypto.BioFree(bio);
        }

        Array.Clear(bytes);
        if (key is null)
        {
            bool isEncrypted = pem.Contains("ENCRYPTED", StringComparison.Ordinal);
            problem = isEncrypted ? "is encrypted; write the key without a password, readable by its owner only"
                : pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? "has a private key that cannot be read"
                : "has no private key in PEM";
        }

        return key;
    }

    public static void Free(List<nint> certificates)
    {
        foreach (nint certificate in certificates)
        {
            LibCrypto.FreeCertificate((void*)certificate);
        }

        certificates.Clear();
    }

    private static int CountOf(string text, string mark)
    {
        int count = 0;
        for (int at = text.IndexOf(mark, StringComparison.Ordinal); at >= 0;
            at = text.IndexOf(mark, at + mark.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    // Never the terminal, which OpenSSL would ask.
    [UnmanagedCallersOnly]
    private static int NoPassword(byte* buffer, int length, int isForWriting, void* state) => -1;
}
