using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

/// <summary>A client and a server with TLS between them, over memory.</summary>
internal sealed class TlsPair : ILinkOwner, IDisposable
{
    public TlsPair(
        TlsServerSettings? server = null,
        TlsClientSettings? client = null,
        Action<MemoryLink, MemoryLink>? shape = null)
        : this(Context(server ?? Server()), ClientContext(client ?? new TlsClientSettings { SkipVerify = true }), shape)
    {
    }

    public TlsPair(TlsServerContext server, TlsDestination client, Action<MemoryLink, MemoryLink>? shape = null)
    {
        (ClientBelow, ServerBelow) = MemoryLink.Pair();
        shape?.Invoke(ClientBelow, ServerBelow);
        TlsLink? atServer = null;
        TlsLink? atClient = null;
        MemoryLink.InTurn(() =>
        {
            atServer = TlsLink.Accept(ServerBelow, server, this);
            atServer.Advance();
            atClient = (TlsLink)client.Connect(ClientBelow, 0, this);
        });
        AtServer = atServer!;
        AtClient = atClient!;
    }

    public MemoryLink ClientBelow { get; }

    public MemoryLink ServerBelow { get; }

    public TlsLink AtClient { get; }

    public TlsLink AtServer { get; }

    public static CertificateSettings Certificate { get; } = TestCertificates.Make("a.test");

    public static TlsServerSettings Server() =>
        new() { Certificates = new Sequence<CertificateSettings>([Certificate]) };

    public static TlsServerContext Context(TlsServerSettings settings)
    {
        TlsServerContext? context = TlsServerContext.Build(
            settings, new TicketKeys(TimeProvider.System), out string why);
        Assert.True(context is not null, why);
        return context;
    }

    public static TlsDestination ClientContext(TlsClientSettings settings)
    {
        TlsClientContext? context = TlsClientContext.Build(settings, out string why);
        Assert.True(context is not null, why);
        return new TlsDestination(context, "a.test", loopCount: 1);
    }

    /// <summary>Moves all of it, however long that takes, and hands out what arrived.</summary>
    public static byte[] Move(TlsLink from, TlsLink to, byte[] bytes, int first, int second)
    {
        var arrived = new List<byte>();
        byte[] room = new byte[20_000];
        int sent = 0;
        for (int turn = 0; arrived.Count < bytes.Length; turn++)
        {
            Assert.True(turn < 1_000_000, $"{arrived.Count} of {bytes.Length} bytes arrived");
            MemoryLink.InTurn(() =>
            {
                ReadOnlySpan<byte> left = bytes.AsSpan(sent);
                int end = Math.Min(first, left.Length);
                int middle = Math.Min(end + second, left.Length);
                LinkStatus status = from.TryWrite(left[..end], left[end..middle], left[middle..], out int count);
                Assert.NotEqual(LinkStatus.Broken, status);
                sent += count;
            });
            MemoryLink.InTurn(() =>
            {
                while (to.MayRead && to.TryRead(room, out int count) == LinkStatus.Ok)
                {
                    arrived.AddRange(room.AsSpan(0, count));
                }
            });
        }

        return [.. arrived];
    }

    public void OnLinkReady(ByteLink link)
    {
        // Tests look for themselves.
    }

    public void Dispose() => MemoryLink.InTurn(() =>
    {
        AtClient.Abort();
        AtServer.Abort();
    });
}
