using System;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// Whether OpenSSL 3 is there, and what it says of what went wrong. It is loaded when a configuration names TLS, never
/// before: a proxy without TLS needs no such library.
/// </summary>
internal static unsafe class OpenSsl
{
    private static readonly Lazy<string?> s_problem = new(Load);

    /// <summary>Null if TLS can be had, else why not. Loads the library.</summary>
    public static string? Problem => s_problem.Value;

    /// <summary>
    /// The number of the last error in this thread's queue, without its library; 0 for none. Those before it are of
    /// floors further down.
    /// </summary>
    public static int LastReason() => (int)(LibCrypto.LastError() & 0x7F_FFFF);

    /// <summary>The last error of this thread's queue in words.</summary>
    public static string LastText() => Text(LibCrypto.ErrorReason(LibCrypto.LastError()), "no reason given");

    /// <summary>What a certificate check came to, in words.</summary>
    public static string VerifyText(nint result) => Text(LibCrypto.VerifyErrorText(result), "not verified");

    /// <summary>The bytes with a 0 after them, as C wants them.</summary>
    public static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static string Text(byte* text, string without) =>
        text is null ? without : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static string? Load()
    {
        const string Missing = "TLS needs OpenSSL 3, and {0} cannot be loaded; on Debian: apt-get install libssl3";
        foreach (string library in (string[])["libcrypto.so.3", "libssl.so.3"])
        {
            if (!NativeLibrary.TryLoad(library, out _))
            {
                return Missing.Replace("{0}", library, StringComparison.Ordinal);
            }
        }

        return LibCrypto.Version() >> 28 >= 3 ? null : "TLS needs OpenSSL 3, and the library that was found is older";
    }
}
