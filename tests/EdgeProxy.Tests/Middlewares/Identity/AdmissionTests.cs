using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

/// <summary>Several identity middlewares before one service.</summary>
public sealed class AdmissionTests
{
    private static readonly ClientCertSettings Asserting = new()
    {
        Name = "m",
        ConsumerHeader = FieldName.Of("X-Consumer"),
    };

    [Fact]
    public void Admit_CredentialOfNoConsumer_KeepsTheOneThatIsKnown()
    {
        using var bench = MiddlewareBench.Get("/");
        Assert.Equal(Verdict.Next, new Admission(Asserting, "").Admit(bench.Exchange, new Consumer("alice")));

        Assert.Equal(Verdict.Next, new Admission(Asserting, "").Admit(bench.Exchange, null));

        Assert.Equal("alice", bench.Exchange.Consumer?.Name);
        Assert.Equal(["X-Consumer: alice"], bench.Sent);
    }

    [Fact]
    public void Admit_TheSameConsumerTwice_Passes()
    {
        using var bench = MiddlewareBench.Get("/");
        var admission = new Admission(new ClientCertSettings { Name = "m" }, "");

        Assert.Equal(Verdict.Next, admission.Admit(bench.Exchange, new Consumer("alice")));
        Assert.Equal(Verdict.Next, admission.Admit(bench.Exchange, new Consumer("alice")));

        Assert.Equal("alice", bench.Exchange.Consumer?.Name);
    }

    [Fact]
    public void Admit_AnotherConsumer_Is403()
    {
        using var bench = MiddlewareBench.Get("/");
        var admission = new Admission(new ClientCertSettings { Name = "m" }, "");
        Assert.Equal(Verdict.Next, admission.Admit(bench.Exchange, new Consumer("alice")));

        Assert.Equal(Verdict.Answered, admission.Admit(bench.Exchange, new Consumer("bob")));

        Assert.Equal(403, bench.Status);
        Assert.Equal("alice", bench.Exchange.Consumer?.Name);
    }

    // Whom a middleware lets pass it judges by its own credential.
    [Fact]
    public void Admit_ListOfThoseWhoMay_IsNotMetByWhatAnotherProved()
    {
        using var bench = MiddlewareBench.Get("/");
        Assert.Equal(Verdict.Next, new Admission(Asserting, "").Admit(bench.Exchange, new Consumer("alice")));

        Assert.Equal(Verdict.Answered,
            new Admission(Asserting with { Allowed = new(["alice"]) }, "").Admit(bench.Exchange, null));

        Assert.Equal(403, bench.Status);
    }
}
