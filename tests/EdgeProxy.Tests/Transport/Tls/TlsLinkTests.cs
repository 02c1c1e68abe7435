using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

/// <summary>A link that encrypts behaves as one that does not, whatever the one below does.</summary>
public sealed class TlsLinkTests
{
    [Theory]
    [InlineData(LibSslVersion12)]
    [InlineData(LibSslVersion13)]
    public void Handshake_InOneByteReads_ComesAbout(int version)
    {
        using var pair = new TlsPair(
            TlsPair.Server() with { Policy = new ClientPolicy { VersionMin = version } },
            shape: static (client, server) => client.ReadMax = server.ReadMax = 1);

        Assert.True(pair.AtServer.IsConnected && pair.AtClient.IsConnected);
        Assert.Equal(LibSslVersion13, pair.AtServer.Version);
        Assert.Equal("http/1.1"u8.ToArray(), pair.AtServer.Protocol().ToArray());
        Assert.Equal("hello"u8.ToArray(), TlsPair.Move(pair.AtClient, pair.AtServer, [.. "hello"u8], 2, 2));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(300, 1024)]
    [InlineData(16 * 1024, 1)]
    [InlineData(16 * 1024 + 1, 40_000)]
    [InlineData(1, 100_000)]
    public void Bytes_OfThreePieces_ArriveInOrder(int first, int second)
    {
        byte[] bytes = Pattern(120_000);
        using var pair = new TlsPair();

        Assert.True(bytes.AsSpan().SequenceEqual(TlsPair.Move(pair.AtClient, pair.AtServer, bytes, first, second)));
        Assert.True(bytes.AsSpan().SequenceEqual(TlsPair.Move(pair.AtServer, pair.AtClient, bytes, first, second)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(16_385)]
    public void Bytes_ArriveWhole_WhenTheLinkBelowTakesLittle(int most)
    {
        byte[] bytes = Pattern(most == 1 ? 3_000 : 50_000);
        using var pair = new TlsPair(shape: (client, server) => client.WriteMax = server.ReadMax = most);

        Assert.True(bytes.AsSpan().SequenceEqual(TlsPair.Move(pair.AtClient, pair.AtServer, bytes, 400, 2_000)));
    }

    // RFC 6066 section 4. OpenSSL makes several records of a longer write; when the first is held up it comes back for
    // the bytes of the others, and what it found there was what another connection had gathered.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void FragmentLength_IsAskedFor_BytesArriveWholeWhenHeldUp(byte code)
    {
        byte[] bytes = Pattern(30_000);
        byte[] others = new byte[9_000];
        byte[] room = new byte[20_000];
        using var pair = new TlsPair(TlsPair.Context(TlsPair.Server()), FragmentClient.Of(code));
        using var other = new TlsPair();
        var arrived = new List<byte>();
        int sent = 0;
        for (int turn = 0; arrived.Count < bytes.Length && turn < 10_000; turn++)
        {
            MemoryLink.InTurn(() =>
            {
                // Enough for a part of a record, now and then for several.
                pair.ServerBelow.WriteRoom = turn % 7 == 0 ? 5_000 : 100;
                ReadOnlySpan<byte> left = bytes.AsSpan(sent);
                int middle = Math.Min(300, left.Length);
                pair.AtServer.TryWrite(left[..middle], left[middle..], default, out int count);
                sent += count;
                other.AtServer.TryWrite(others.AsSpan(0, 4_000), others.AsSpan(4_000), default, out _);
            });
            MemoryLink.InTurn(() =>
            {
                while (pair.AtClient.MayRead && pair.AtClient.TryRead(room, out int count) == LinkStatus.Ok)
                {
                    arrived.AddRange(room.AsSpan(0, count));
                }

                while (other.AtClient.MayRead && other.AtClient.TryRead(room, out _) == LinkStatus.Ok)
                {
                }
            });
        }

        Assert.Equal(bytes.Length, arrived.Count);
        Assert.True(bytes.AsSpan().SequenceEqual(arrived.ToArray()));
    }

    [Fact]
    public void RecordHeldUp_WhoseFirstPieceIsOfferedAlone_IsSentOnce()
    {
        using var pair = new TlsPair();
        byte[] bytes = Pattern(5_000);
        pair.ClientBelow.WriteRoom = 100;
        Assert.Equal(
            LinkStatus.WouldBlock, pair.AtClient.TryWrite(bytes.AsSpan(0, 300), bytes.AsSpan(300), default, out _));

        pair.ClientBelow.WriteRoom = long.MaxValue;
        Assert.Equal(LinkStatus.Ok, pair.AtClient.TryWrite(bytes.AsSpan(0, 300), default, default, out int head));
        Assert.Equal(LinkStatus.Ok, pair.AtClient.TryWrite(bytes.AsSpan(300), default, default, out int rest));

        byte[] room = new byte[10_000];
        Assert.Equal(LinkStatus.Ok, pair.AtServer.TryRead(room, out int count));
        Assert.Equal((300, 4_700), (head, rest));
        Assert.True(bytes.AsSpan().SequenceEqual(room.AsSpan(0, count)));
    }

    [Fact]
    public void SmallMessage_OfPieces_IsOneRecordAndOneWrite()
    {
        using var pair = new TlsPair();
        MemoryLink.InTurn(() => pair.AtServer.TryRead(new byte[100], out _));
        int before = pair.ServerBelow.WriteCalls;

        MemoryLink.InTurn(() => pair.AtServer.TryWrite("head"u8, "body"u8, "\r\n"u8, out _));

        Assert.Equal(before + 1, pair.ServerBelow.WriteCalls);
    }

    [Fact]
    public void End_WithCloseNotify_IsAnEnd_AndWithout_ABreak()
    {
        using var pair = new TlsPair();
        MemoryLink.InTurn(() => pair.AtClient.EndWrites());
        Assert.Equal(LinkStatus.End, pair.AtServer.TryRead(new byte[10], out _));
        Assert.Equal("late"u8.ToArray(), TlsPair.Move(pair.AtServer, pair.AtClient, [.. "late"u8], 4, 0));

        using var cut = new TlsPair();
        MemoryLink.InTurn(() => cut.ClientBelow.EndWrites());
        Assert.Equal(LinkStatus.Broken, cut.AtServer.TryRead(new byte[10], out _));
        Assert.True(cut.AtServer.IsBroken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void End_ThatCameWithBytes_IsStillToBeRead(bool isProper)
    {
        using var pair = new TlsPair();
        MemoryLink.InTurn(() =>
        {
            pair.AtClient.TryWrite("last words"u8, default, default, out _);
            if (isProper)
            {
                pair.AtClient.EndWrites();
            }
            else
            {
                pair.ClientBelow.EndWrites();
            }
        });

        Assert.Equal(LinkStatus.Ok, pair.AtServer.TryRead(new byte[100], out int count));
        Assert.Equal(10, count);
        Assert.True(pair.AtServer.MayRead);
        Assert.Equal(isProper ? LinkStatus.End : LinkStatus.Broken, pair.AtServer.TryRead(new byte[100], out _));
        Assert.False(pair.AtServer.MayRead);
    }

    [Fact]
    public void Tickets_AreNothingToRead()
    {
        using var pair = new TlsPair();

        Assert.True(pair.AtClient.MayRead); // they came behind the handshake
        bool hasUnread = true;
        MemoryLink.InTurn(() => hasUnread = pair.AtClient.HasUnread());
        Assert.False(hasUnread);
        Assert.False(pair.AtClient.MayRead);

        MemoryLink.InTurn(() => pair.AtServer.TryWrite("x"u8, default, default, out _));
        Assert.True(pair.AtClient.HasUnread());
        Assert.Equal(LinkStatus.Ok, pair.AtClient.TryRead(new byte[10], out int count));
        Assert.Equal(1, count);
    }

    [Fact]
    public void Session_IsResumed_UnderAnotherContextWithTheSameKeys_NotWhereMoreIsAsked()
    {
        var keys = new TicketKeys(TimeProvider.System);
        TlsDestination client = TlsPair.ClientContext(new TlsClientSettings { SkipVerify = true });
        Assert.False(Resumes(client, TlsPair.Server(), keys));
        Assert.True(Resumes(client, TlsPair.Server() with { StrictSni = true }, keys));
        var asking = new ClientPolicy { Auth = ClientAuth.Request };
        Assert.False(Resumes(client, TlsPair.Server() with { Policy = asking }, keys));
        Assert.False(Resumes(client, TlsPair.Server() with { SessionTickets = false }, keys));
    }

    // OpenSSL looks for a session before it tells of the name: by then what the name asks has to be known.
    [Fact]
    public void Session_OfAnotherPolicy_IsNotResumed_WhereTheNameAsksMore()
    {
        var keys = new TicketKeys(TimeProvider.System);
        TlsDestination client = TlsPair.ClientContext(new TlsClientSettings { SkipVerify = true });
        TlsServerSettings asking = TlsPair.Server() with
        {
            Hosts = new Sequence<HostPolicy>(
                [new HostPolicy("a.test", new ClientPolicy { Name = "asking", Auth = ClientAuth.Request })]),
        };
        Assert.False(Resumes(client, TlsPair.Server(), keys));
        Assert.False(Resumes(client, asking, keys));
        Assert.True(Resumes(client, asking, keys));
        Assert.False(Resumes(client, TlsPair.Server(), keys));
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(1, false)]
    public void Session_OfACertificateThatIsOver_IsNotResumed(int days, bool isResumed)
    {
        var keys = new TicketKeys(TimeProvider.System);
        CertificateSettings certificate = TestCertificates.Make(
            ["client.test"], static key => key.ExportPkcs8PrivateKeyPem(), days);
        TlsDestination client = TlsPair.ClientContext(
            new TlsClientSettings { SkipVerify = true, Certificate = certificate });
        TlsServerSettings server = TlsPair.Server() with { Policy = new ClientPolicy { Auth = ClientAuth.Require } };

        Assert.False(Resumes(client, server, keys));
        Assert.Equal(isResumed, Resumes(client, server, keys));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(600, false)]
    public void Certificate_OfAnybody_IsToldUpToABound(int names, bool isTold)
    {
        CertificateSettings certificate = TestCertificates.Make(
            [.. Enumerable.Range(0, names).Select(i => $"client-{i}.test")]);
        using var pair = new TlsPair(
            TlsPair.Server() with { Policy = new ClientPolicy { Auth = ClientAuth.Require } },
            new TlsClientSettings { SkipVerify = true, Certificate = certificate });

        PeerCertificate peer = pair.AtServer.Peer!;
        string fields = Encoding.ASCII.GetString(ClientCertificate.FieldsOf(pair.AtServer));

        Assert.False(peer.IsVerified);
        Assert.Equal(64, peer.FingerprintText.Length);
        Assert.Equal(isTold, fields.Contains("X-Forwarded-Tls-Client-Cert: ", StringComparison.Ordinal));
        Assert.Contains("X-Forwarded-Tls-Client-Cert-Info: Verified=no;", fields, StringComparison.Ordinal);
        Assert.Contains($"Sha256={peer.Fingerprint}", fields, StringComparison.Ordinal);
        Assert.InRange(fields.Length, 1, 2 * TlsLimits.UnverifiedBytesMax);
    }

    [Fact]
    public void TicketKey_OpensForOnePeriodMore_ThenIsForgotten()
    {
        var time = new Host.ManualTime();
        var keys = new TicketKeys(time);
        TlsDestination client = TlsPair.ClientContext(new TlsClientSettings { SkipVerify = true });
        Assert.False(Resumes(client, TlsPair.Server(), keys));

        time.Advance(TimeSpan.FromHours(TicketKeys.RotationHours + 1));
        Assert.True(Resumes(client, TlsPair.Server(), keys));

        time.Advance(TimeSpan.FromHours((2 * TicketKeys.RotationHours) + 1));
        Assert.False(Resumes(client, TlsPair.Server(), keys));
    }

    [Fact]
    public void Server_NotVerified_FailsWithTheReason()
    {
        using var pair = new TlsPair(client: new TlsClientSettings());

        Assert.True(pair.AtClient.IsBroken);
        Assert.Equal(TlsFailure.Certificate, pair.AtClient.Failure);
        Assert.Equal("certificate: self-signed certificate", pair.AtClient.BreakReason);
        Assert.Equal(TlsFailure.RefusedByPeer, pair.AtServer.Failure);
    }

    [Fact]
    public void Reads_AndWrites_AllocateNothing()
    {
        using var pair = new TlsPair();
        byte[] room = new byte[2_048];
        MemoryLink.InTurn(() => pair.AtClient.HasUnread());

        Allocations.AssertNone(() =>
        {
            _ = pair.AtServer.TryRead(room, out _);
            _ = pair.AtServer.MayRead;
            _ = pair.AtClient.HasUnread();
        });
    }

    // The ends of the fuzzing range: every byte of a handshake spoiled once must not take the process with it.
    [Fact]
    public void ClientHello_WithAnyByteSpoiled_IsRefusedOrServed()
    {
        byte[] hello = ClientHello();
        TlsServerContext context = TlsPair.Context(TlsPair.Server());
        for (int i = 0; i < hello.Length; i++)
        {
            byte[] spoiled = [.. hello];
            spoiled[i] ^= 0x55;
            var below = new MemoryLink { ReadMax = 1 + (i % 7) };
            TlsLink link = TlsLink.Accept(below, context, new Silent());
            MemoryLink.InTurn(() => link.Advance());
            below.Feed(spoiled);
            below.FeedEnd();

            Assert.False(link.IsConnected);
            link.Close();
            Assert.True(below.IsClosed);
        }
    }

    private const int LibSslVersion12 = 0x0303;
    private const int LibSslVersion13 = 0x0304;

    private static byte[] ClientHello()
    {
        var below = new MemoryLink();
        ByteLink? link = null;
        MemoryLink.InTurn(() =>
            link = TlsPair.ClientContext(new TlsClientSettings()).Connect(below, 0, new Silent()));
        byte[] hello = below.TakeWritten();
        link!.Abort();
        return hello;
    }

    private static bool Resumes(TlsDestination client, TlsServerSettings server, TicketKeys keys)
    {
        TlsServerContext? context = TlsServerContext.Build(server, keys, out _);
        using var pair = new TlsPair(context!, client);
        Assert.True(pair.AtServer.IsConnected && pair.AtClient.IsConnected);
        MemoryLink.InTurn(() => pair.AtClient.HasUnread()); // its tickets
        return pair.AtServer.IsResumed;
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 31))];

    private sealed class Silent : ILinkOwner
    {
        public void OnLinkReady(ByteLink link)
        {
            // The test looks for itself.
        }
    }
}
