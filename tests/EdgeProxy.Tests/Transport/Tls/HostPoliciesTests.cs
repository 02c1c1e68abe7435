using System;
using System.Text;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

public sealed class HostPoliciesTests
{
    private static readonly string s_authority = TlsPair.Certificate.CertificatePem;
    private static readonly string s_other = TestCertificates.Make("other.test").CertificatePem;

    private static readonly ClientPolicy s_strict = new()
    {
        Name = "strict",
        Auth = ClientAuth.Require,
        CaPem = s_authority,
    };

    private static readonly ClientPolicy s_late = new() { Name = "late", VersionMin = LibSsl.Version13 };

    private static readonly TlsClientSettings s_nobody = new() { SkipVerify = true, ServerName = "m.test" };

    private static TlsServerSettings Settings { get; } = TlsPair.Server() with
    {
        Hosts = new Sequence<HostPolicy>(
        [
            new HostPolicy("m.test", s_strict),
            new HostPolicy("*.m.test", s_strict),
            new HostPolicy("open.m.test", ClientPolicy.None),
            new HostPolicy("late.test", s_late),
        ]),
    };

    [Theory]
    [InlineData("m.test", "strict")]
    [InlineData("M.TEST.", "strict")]
    [InlineData("x.m.test", "strict")]
    [InlineData("open.m.test", "")]
    [InlineData("x.y.m.test", "")]
    [InlineData("late.test", "late")]
    [InlineData("other.test", "")]
    [InlineData("", "")]
    public void Host_HasThePolicyOfItsName(string host, string policy)
    {
        var policies = new HostPolicies(Settings);

        Assert.Equal(policy, policies.All[policies.PlaceOf(Encoding.ASCII.GetBytes(host))].Name);
        Assert.False(policies.IsUniform);
        Assert.Equal(3, policies.All.Count);
    }

    [Fact]
    public void WithoutHosts_AllAreAlike()
    {
        var policies = new HostPolicies(TlsPair.Server());

        Assert.True(policies.IsUniform);
        Assert.Equal(0, policies.PlaceOf("m.test"u8));
    }

    // What the connection asked, and of what version it is; what the host asks.
    [Theory]
    [InlineData("none", 0x303, "none", true)]
    [InlineData("none", 0x304, "request", false)]
    [InlineData("request", 0x304, "request", true)]
    [InlineData("request", 0x304, "require", false)]
    [InlineData("require", 0x304, "request", true)]
    [InlineData("require", 0x304, "verify", false)]
    [InlineData("verify", 0x304, "require", true)]
    [InlineData("require", 0x304, "none", false)]
    [InlineData("other", 0x304, "require", false)]
    [InlineData("renewed", 0x304, "verify", true)]
    [InlineData("none", 0x303, "late", false)]
    [InlineData("none", 0x304, "late", true)]
    public void Policy_IsMetByWhatAsksNoLess_OfTheSameAuthorities(
        string asked, int version, string policy, bool isMet) =>
        Assert.Equal(isMet, Named(policy).IsMetBy(Named(asked), version));

    [Fact]
    public void Handshake_AsksByTheNameOfTheClientHello()
    {
        TlsServerContext server = TlsPair.Context(Settings);
        TlsClientSettings shows = new() { SkipVerify = true, Certificate = TlsPair.Certificate };

        using (var plain = new TlsPair(server, TlsPair.ClientContext(shows)))
        {
            Assert.True(plain.AtServer.IsConnected, plain.AtServer.FailureText);
            Assert.Null(plain.AtServer.Peer);
            Assert.Equal("", plain.AtServer.Policy.Name);
            Assert.False(plain.AtServer.AsksForCertificate);
        }

        using (var strict = new TlsPair(server, TlsPair.ClientContext(shows with { ServerName = "X.m.test" })))
        {
            Assert.True(strict.AtServer.IsConnected, strict.AtServer.FailureText);
            Assert.NotNull(strict.AtServer.Peer);
            Assert.Equal("strict", strict.AtServer.Policy.Name);
        }

        using var nobody = new TlsPair(server, TlsPair.ClientContext(s_nobody));
        Assert.False(nobody.AtServer.IsConnected);
        Assert.Equal(TlsFailure.Certificate, nobody.AtServer.Failure);
    }

    [Fact]
    public void Handshake_OfAClientHelloByteByByte_AsksAlike()
    {
        using var nobody = new TlsPair(
            TlsPair.Context(Settings),
            TlsPair.ClientContext(s_nobody),
            static (client, server) => client.WriteMax = server.ReadMax = 1);

        Assert.False(nobody.AtServer.IsConnected);
        Assert.Equal("strict", nobody.AtServer.Policy.Name);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("0009 00 0006 6d2e74657374", "m.test")]
    [InlineData("0003 00 0000", "")]
    [InlineData("0009 01 0006 6d2e74657374", "")] // no host name
    [InlineData("0009 00 0007 6d2e74657374", "")] // longer than it is
    [InlineData("0009 00 0005 6d2e74657374", "")] // and something behind it
    [InlineData("0008 00 0006 6d2e74657374", "")]
    [InlineData("0009 00", "")]
    public void ClientHello_MalformedName_IsNone(string extension, string name) =>
        Assert.Equal(name, Encoding.ASCII.GetString(ClientHello.NameOf(
            Convert.FromHexString(extension.Replace(" ", "", StringComparison.Ordinal)))));

    private static ClientPolicy Named(string name) => name switch
    {
        "late" => s_late,
        "other" => s_strict with { Name = name, CaPem = s_other },
        "renewed" => new ClientPolicy { Name = "verify", Auth = ClientAuth.Verify, CaPem = s_other },
        "none" => ClientPolicy.None,
        _ => new ClientPolicy { Name = name, Auth = Enum.Parse<ClientAuth>(name, true), CaPem = s_authority },
    };
}
