using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>Signed tokens (RFC 7519), made apart from what reads them.</summary>
internal static class Tokens
{
    /// <summary>Long enough for HS256.</summary>
    public const string Secret = "a secret of thirty-two characters or more";

    /// <summary>HS256 with <see cref="Secret"/>; ends in 2100.</summary>
    public static string Of(string subject, string id = "")
    {
        string text = Base64Url.EncodeToString("""{"alg":"HS256"}"""u8) + "." + Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes($$"""{"sub":"{{subject}}","exp":4102444800,"jti":"{{id}}"}"""));
        byte[] mac = HMACSHA256.HashData(Encoding.ASCII.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(mac)}";
    }
}
