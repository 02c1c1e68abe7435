using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>Which answers ask for a connection to be authenticated, and which requests bring what that takes.</summary>
public sealed class ConnectionBindingTests
{
    [Theory]
    [InlineData("WWW-Authenticate: NTLM", true)]
    [InlineData("www-authenticate: ntlm TlRMTVNTUAAC", true)]
    [InlineData("WWW-Authenticate: Negotiate", true)]
    [InlineData("WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Negotiate oQ==", true)]
    [InlineData("WWW-Authenticate: Basic realm=\"a, b\" ,\tNegotiate, NTLM", true)]
    [InlineData("WWW-Authenticate: Kerberos", true)]
    [InlineData("WWW-Authenticate: Nego2 x", true)]
    [InlineData("WWW-Authenticate: CredSSP", true)]
    [InlineData("Proxy-Authenticate: NTLM", true)]
    [InlineData("WWW-Authenticate: Negotiate\toQ==", true)]
    [InlineData("WWW-Authenticate: \t nTlM\t ", true)]
    [InlineData("WWW-Authenticate: Basic realm=x, NTLM", true)]
    [InlineData("WWW-Authenticate: Basic realm=x,,\tNTLM\tTlRM", true)]
    [InlineData("WWW-Authenticate: Bearer\r\nPROXY-AUTHENTICATE: Digest a=b, NEGOTIATE", true)]
    [InlineData("WWW-Authenticate: Basic realm=\"NTLM\"", false)]
    [InlineData("WWW-Authenticate: NTLMv2 x", false)]
    [InlineData("WWW-Authenticate: Bearer", false)]
    [InlineData("WWW-Authenticate:", false)]
    [InlineData("WWW_Authenticate: NTLM", false)]
    [InlineData("X-Authenticate: NTLM", false)]
    [InlineData("X-Nothing: 1", false)]
    public void Answer_AsksForIt_OrNot(string fields, bool expected)
    {
        byte[] head = Encoding.Latin1.GetBytes($"HTTP/1.1 401 Unauthorized\r\n{fields}\r\nContent-Length: 0\r\n\r\n");
        var response = new ResponseHead();
        Assert.Equal(ParseStatus.Complete, ResponseHeadReader.Read(head, HeadLimits.Default, Method.Get, response));

        Assert.Equal(expected, ConnectionBinding.IsAskedFor(response, head));
    }

    [Theory]
    [InlineData("Authorization: NTLM TlRMTVNTUAAB", true)]
    [InlineData("authorization: ntlm TlRMTVNTUAAB", true)]
    [InlineData("Authorization: NEGOTIATE YII=", true)]
    [InlineData("Authorization: Negotiate\tYII=", true)]
    [InlineData("Authorization:\t Negotiate \t YII=\t", true)]
    [InlineData("Authorization: Negotiate", true)]
    [InlineData("Authorization: Kerberos YII=", true)]
    [InlineData("Authorization: Nego2 x", true)]
    [InlineData("Authorization: CredSSP x", true)]
    [InlineData("Proxy-Authorization: NTLM x", true)]
    [InlineData("Authorization: Basic YTpi\r\nAuthorization: NTLM x", true)]
    [InlineData("Authorization: NTLM x\r\nAuthorization: Basic YTpi", true)]
    [InlineData("Authorization: Basic YTpi, NTLM x", true)]
    [InlineData("Authorization: Basic YTpi", false)]
    [InlineData("Authorization: Basic NTLM", false)]
    [InlineData("Authorization: Negotiated YII=", false)]
    [InlineData("Authorization: NTLM2 x", false)]
    [InlineData("Authorization:", false)]
    [InlineData("X-Authorization: NTLM x", false)]
    [InlineData("X-Nothing: 1", false)]
    public void Request_HasCredentials_OrNot(string fields, bool expected)
    {
        byte[] head = Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n");
        var request = new RequestHead();
        Assert.Equal(ParseStatus.Complete, RequestHeadReader.Read(head, HeadLimits.Default, request));

        var edits = new HeaderEdits();
        Assert.Equal(expected, ConnectionBinding.HasCredentials(request, head, edits));

        // What the server does not see binds nothing.
        edits.Remove(FieldName.Of("Authorization"));
        edits.Remove(FieldName.Of("Proxy-Authorization"));
        Assert.False(ConnectionBinding.HasCredentials(request, head, edits));
    }
}
