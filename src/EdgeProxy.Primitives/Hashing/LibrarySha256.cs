using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeProxy.Primitives.Hashing;

/// <summary>
/// SHA256_Update and SHA256_Final of libcrypto (openssl/sha.h): the two calls that do nothing but hash. They are not
/// bound when the program is linked: without the library, or without them, hashing stays managed.
/// </summary>
internal static unsafe class LibrarySha256
{
    private const string Library = "libcrypto.so.3";

    private static delegate* unmanaged<Sha256*, byte*, nuint, int> s_update;
    private static delegate* unmanaged<byte*, Sha256*, int> s_final;
    private static bool s_isLoaded;

    /// <summary>Both calls are there and are right.</summary>
    public static bool IsLoaded
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref s_isLoaded);
    }

    /// <summary>Any thread, any number of times.</summary>
    public static void Load()
    {
        if (IsLoaded || !NativeLibrary.TryLoad(Library, out nint library)
            || !NativeLibrary.TryGetExport(library, "SHA256_Update", out nint update)
            || !NativeLibrary.TryGetExport(library, "SHA256_Final", out nint final))
        {
            return;
        }

        s_update = (delegate* unmanaged<Sha256*, byte*, nuint, int>)update;
        s_final = (delegate* unmanaged<byte*, Sha256*, int>)final;
        Volatile.Write(ref s_isLoaded, IsRight());
    }

    public static void Append(ref Sha256 hash, ReadOnlySpan<byte> bytes)
    {
        fixed (Sha256* context = &hash)
        fixed (byte* first = bytes)
        {
            _ = s_update(context, first, (nuint)bytes.Length);
        }
    }

    /// <param name="hash">32 bytes.</param>
    public static void End(ref Sha256 running, Span<byte> hash)
    {
        fixed (Sha256* context = &running)
        fixed (byte* first = hash)
        {
            _ = s_final(first, context);
        }
    }

    // A library whose context is another one is not used: begun in managed code, over the end of a block, ended by it.
    private static bool IsRight()
    {
        Span<byte> text = stackalloc byte[100];
        text.Fill((byte)'e');
        Span<byte> managed = stackalloc byte[Sha256.HashBytes];
        Span<byte> native = stackalloc byte[Sha256.HashBytes];
        var known = new Sha256();
        known.AppendManaged(text);
        Sha256 asked = known;
        known.AppendManaged(text);
        known.EndManaged(managed);
        Append(ref asked, text);
        End(ref asked, native);
        return managed.SequenceEqual(native);
    }
}
