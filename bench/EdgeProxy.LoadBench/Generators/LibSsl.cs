using System.Runtime.InteropServices;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// What the generator of handshakes asks of OpenSSL 3. .NET's own stream decides by itself when it resumes a session,
/// which is what is measured here.
/// </summary>
internal static partial class LibSsl
{
    public const int Tls13 = 0x0304;
    public const int ControlVersionMin = 123;
    public const int ControlVersionMax = 124;
    public const int ControlGroups = 92;

    private const string Name = "libssl.so.3";

    [LibraryImport(Name, EntryPoint = "TLS_client_method")]
    public static partial nint ClientMethod();

    [LibraryImport(Name, EntryPoint = "SSL_CTX_new")]
    public static partial nint NewContext(nint method);

    [LibraryImport(Name, EntryPoint = "SSL_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Name, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint Control(nint context, int command, nint number, nint pointer);

    [LibraryImport(Name, EntryPoint = "SSL_CTX_ctrl", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ControlText(nint context, int command, nint number, string text);

    [LibraryImport(Name, EntryPoint = "SSL_CTX_set_ciphersuites", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCiphers(nint context, string names);

    [LibraryImport(Name, EntryPoint = "SSL_new")]
    public static partial nint New(nint context);

    [LibraryImport(Name, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(Name, EntryPoint = "SSL_set_fd")]
    public static partial int SetFd(nint ssl, int fd);

    [LibraryImport(Name, EntryPoint = "SSL_connect")]
    public static partial int Connect(nint ssl);

    [LibraryImport(Name, EntryPoint = "SSL_write")]
    public static unsafe partial int Write(nint ssl, byte* bytes, int count);

    [LibraryImport(Name, EntryPoint = "SSL_read")]
    public static unsafe partial int Read(nint ssl, byte* bytes, int count);

    [LibraryImport(Name, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(nint ssl);

    [LibraryImport(Name, EntryPoint = "SSL_session_reused")]
    public static partial int IsResumed(nint ssl);

    /// <summary>A reference of one's own to the session, with the last ticket that came.</summary>
    [LibraryImport(Name, EntryPoint = "SSL_get1_session")]
    public static partial nint TakeSession(nint ssl);

    [LibraryImport(Name, EntryPoint = "SSL_set_session")]
    public static partial int SetSession(nint ssl, nint session);

    [LibraryImport(Name, EntryPoint = "SSL_SESSION_free")]
    public static partial void FreeSession(nint session);
}
