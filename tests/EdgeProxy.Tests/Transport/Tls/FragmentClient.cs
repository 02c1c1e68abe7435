using System.Reflection;
using System.Runtime.InteropServices;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

/// <summary>A client that wants short records (RFC 6066 section 4), which ours never asks for.</summary>
internal static partial class FragmentClient
{
    public static TlsDestination Of(byte code)
    {
        TlsClientContext? context = TlsClientContext.Build(
            new TlsClientSettings { SkipVerify = true }, out string why);
        Assert.True(context is not null, why);
        var handle = (SafeHandle)typeof(TlsContext)
            .GetProperty("Handle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(context)!;
        Assert.Equal(1, Ask(handle.DangerousGetHandle(), code));
        return new TlsDestination(context, "a.test", loopCount: 1);
    }

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_CTX_set_tlsext_max_fragment_length")]
    private static partial int Ask(nint context, byte code);
}
