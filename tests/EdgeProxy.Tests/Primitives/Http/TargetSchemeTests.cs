using System.Text;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

/// <summary>Absolute targets by what the connection is.</summary>
public sealed class TargetSchemeTests
{
    private const int Clear = (int)TargetScheme.Http;
    private const int Secure = (int)TargetScheme.Https;
    private const int Any = (int)TargetScheme.Any;

    [Theory]
    [InlineData("http://t.test/a", Clear, "None")]
    [InlineData("https://t.test/a", Clear, "TargetSchemeUnsupported")]
    [InlineData("http://t.test/a", Secure, "TargetSchemeUnsupported")]
    [InlineData("https://t.test/a", Secure, "None")]
    [InlineData("hTTps://t.test/a", Secure, "None")]
    [InlineData("https://t.test", Secure, "None")]
    [InlineData("https://", Secure, "TargetFormInvalid")]
    [InlineData("https:///a", Secure, "TargetAuthorityInvalid")]
    [InlineData("https://u@t.test/a", Secure, "TargetUserinfo")]
    [InlineData("httpss://t.test/a", Secure, "TargetSchemeUnsupported")]
    [InlineData("http://t.test/a", Any, "None")]
    [InlineData("https://t.test/a", Any, "None")]
    [InlineData("ftp://t.test/a", Any, "TargetSchemeUnsupported")]
    public void Target_IsTaken_OrRefused(string target, int scheme, string reason)
    {
        byte[] bytes = Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: other\r\n\r\n");
        var head = new RequestHead { Scheme = (TargetScheme)scheme };

        ParseStatus status = RequestHeadReader.Read(bytes, HeadLimits.Default, head);

        bool isTaken = reason == "None";
        Assert.Equal((isTaken ? ParseStatus.Complete : ParseStatus.Malformed, reason), (status, $"{head.Reason}"));
        Assert.Equal(isTaken ? "t.test" : "", isTaken ? Encoding.Latin1.GetString(head.Authority.Of(bytes)) : "");
    }
}
