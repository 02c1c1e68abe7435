using System.Runtime.InteropServices;

namespace EdgeProxy.Transport.Tls;

/// <summary>As struct ossl_param_st of OpenSSL 3.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CryptoParameter
{
    public byte* Key;
    public uint Type;
    public void* Value;
    public nuint ValueBytes;
    public nuint ReturnBytes;
}

/// <summary>As struct GENERAL_NAME_st of OpenSSL 3.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GeneralName
{
    public int Kind;
    public void* Value;
}

/// <summary>
/// What TLS needs of libcrypto of OpenSSL 3: bytes in and out, certificates, keys, errors. None takes a variable
/// argument list. The library is loaded by the first call; <see cref="OpenSsl.Problem"/> is asked before.
/// </summary>
internal static unsafe partial class LibCrypto
{
    public const int BioControlEof = 2;
    public const int BioControlFlush = 11;
    public const int BioFlagRead = 1;
    public const int BioFlagWrite = 2;
    public const int BioFlagRetry = 8;

    public const int NidCommonName = 13;
    public const int NidSubjectAltName = 85;
    public const int GeneralNameDns = 2;
    public const int GeneralNameIp = 7;

    public const uint ParameterText = 4;
    public const uint ParameterBytes = 5;

    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library, EntryPoint = "OpenSSL_version_num")]
    public static partial ulong Version();

    [LibraryImport(Library, EntryPoint = "BIO_get_new_index")]
    public static partial int BioNewIndex();

    [LibraryImport(Library, EntryPoint = "BIO_meth_new")]
    public static partial void* BioMethodNew(int type, byte* name);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_write")]
    public static partial int BioMethodSetWrite(void* method, delegate* unmanaged<void*, byte*, int, int> write);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_read")]
    public static partial int BioMethodSetRead(void* method, delegate* unmanaged<void*, byte*, int, int> read);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_ctrl")]
    public static partial int BioMethodSetControl(
        void* method, delegate* unmanaged<void*, int, nint, void*, nint> control);

    [LibraryImport(Library, EntryPoint = "BIO_new")]
    public static partial void* BioNew(void* method);

    [LibraryImport(Library, EntryPoint = "BIO_new_mem_buf")]
    public static partial void* BioOverMemory(void* memory, int length);

    [LibraryImport(Library, EntryPoint = "BIO_free")]
    public static partial int BioFree(void* bio);

    [LibraryImport(Library, EntryPoint = "BIO_set_data")]
    public static partial void BioSetState(void* bio, void* state);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "BIO_get_data")]
    public static partial void* BioState(void* bio);

    [LibraryImport(Library, EntryPoint = "BIO_set_init")]
    public static partial void BioSetReady(void* bio, int isReady);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "BIO_set_flags")]
    public static partial void BioSetFlags(void* bio, int flags);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "BIO_clear_flags")]
    public static partial void BioClearFlags(void* bio, int flags);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(Library, EntryPoint = "ERR_peek_last_error")]
    public static partial ulong LastError();

    [LibraryImport(Library, EntryPoint = "ERR_reason_error_string")]
    public static partial byte* ErrorReason(ulong error);

    [LibraryImport(Library, EntryPoint = "X509_verify_cert_error_string")]
    public static partial byte* VerifyErrorText(nint result);

    [LibraryImport(Library, EntryPoint = "PEM_read_bio_X509")]
    public static partial void* ReadCertificate(
        void* bio, void** into, delegate* unmanaged<byte*, int, int, void*, int> password, void* state);

    [LibraryImport(Library, EntryPoint = "PEM_read_bio_PrivateKey")]
    public static partial void* ReadPrivateKey(
        void* bio, void** into, delegate* unmanaged<byte*, int, int, void*, int> password, void* state);

    [LibraryImport(Library, EntryPoint = "X509_free")]
    public static partial void FreeCertificate(void* certificate);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeKey(void* key);

    [LibraryImport(Library, EntryPoint = "X509_check_private_key")]
    public static partial int IsKeyOf(void* certificate, void* key);

    [LibraryImport(Library, EntryPoint = "X509_check_issued")]
    public static partial int CheckIssued(void* issuer, void* subject);

    /// <summary>As struct tm: seconds, minutes, hours, day, month from 0, years from 1900; 1 if it is one.</summary>
    [LibraryImport(Library, EntryPoint = "ASN1_TIME_to_tm")]
    public static partial int TimeToParts(void* time, int* parts);

    [LibraryImport(Library, EntryPoint = "X509_get0_notAfter")]
    public static partial void* NotAfter(void* certificate);

    [LibraryImport(Library, EntryPoint = "ASN1_TIME_diff")]
    public static partial int TimeBetween(int* days, int* seconds, void* from, void* to);

    [LibraryImport(Library, EntryPoint = "X509_get_ext_d2i")]
    public static partial void* Extension(void* certificate, int nid, int* isCritical, int* index);

    [LibraryImport(Library, EntryPoint = "OPENSSL_sk_num")]
    public static partial int StackCount(void* stack);

    [LibraryImport(Library, EntryPoint = "OPENSSL_sk_value")]
    public static partial void* StackItem(void* stack, int index);

    [LibraryImport(Library, EntryPoint = "GENERAL_NAMES_free")]
    public static partial void FreeNames(void* names);

    [LibraryImport(Library, EntryPoint = "ASN1_STRING_get0_data")]
    public static partial byte* StringBytes(void* text);

    [LibraryImport(Library, EntryPoint = "ASN1_STRING_length")]
    public static partial int StringLength(void* text);

    [LibraryImport(Library, EntryPoint = "X509_get_subject_name")]
    public static partial void* Subject(void* certificate);

    [LibraryImport(Library, EntryPoint = "X509_get_issuer_name")]
    public static partial void* Issuer(void* certificate);

    [LibraryImport(Library, EntryPoint = "X509_get0_serialNumber")]
    public static partial void* SerialNumber(void* certificate);

    [LibraryImport(Library, EntryPoint = "X509_NAME_get_text_by_NID")]
    public static partial int NameText(void* name, int nid, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "X509_NAME_print_ex")]
    public static partial int PrintName(void* bio, void* name, int indent, nuint flags);

    [LibraryImport(Library, EntryPoint = "BIO_s_mem")]
    public static partial void* BioMemoryMethod();

    [LibraryImport(Library, EntryPoint = "BIO_read")]
    public static partial int BioRead(void* bio, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "i2d_X509")]
    public static partial int EncodeCertificate(void* certificate, byte** into);

    [LibraryImport(Library, EntryPoint = "X509_get_X509_PUBKEY")]
    public static partial void* PublicKey(void* certificate);

    [LibraryImport(Library, EntryPoint = "i2d_X509_PUBKEY")]
    public static partial int EncodePublicKey(void* key, byte** into);

    [LibraryImport(Library, EntryPoint = "X509_STORE_add_cert")]
    public static partial int AddTrusted(void* store, void* certificate);

    [LibraryImport(Library, EntryPoint = "X509_VERIFY_PARAM_set1_ip_asc")]
    public static partial int VerifyAddress(void* parameters, byte* address);

    [LibraryImport(Library, EntryPoint = "X509_VERIFY_PARAM_set1_host")]
    public static partial int VerifyHost(void* parameters, byte* name, nuint length);

    [LibraryImport(Library, EntryPoint = "X509_VERIFY_PARAM_set_hostflags")]
    public static partial void VerifyHostFlags(void* parameters, uint flags);

    [LibraryImport(Library, EntryPoint = "RAND_bytes")]
    public static partial int RandomBytes(byte* into, int length);

    [LibraryImport(Library, EntryPoint = "EVP_aes_256_cbc")]
    public static partial void* Aes256Cbc();

    [LibraryImport(Library, EntryPoint = "EVP_EncryptInit_ex")]
    public static partial int EncryptInit(void* context, void* cipher, void* engine, byte* key, byte* vector);

    [LibraryImport(Library, EntryPoint = "EVP_DecryptInit_ex")]
    public static partial int DecryptInit(void* context, void* cipher, void* engine, byte* key, byte* vector);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_set_params")]
    public static partial int MacSetParameters(void* context, CryptoParameter* parameters);
}
