using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>Which answers ask for a connection to be authenticated.</summary>
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
}
