using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Bench.Middlewares;

/// <summary>Credentials that the samples show.</summary>
internal static class SampleToken
{
    public const string ApiKey = "an-api-key-of-forty-characters-0123456789";

    public const string Secret = "a secret of thirty-two characters or more";

    /// <summary>A token by HS256 that is good for some years.</summary>
    public static string Text { get; } = Make();

    private static string Make()
    {
        long end = DateTimeOffset.UtcNow.AddYears(5).ToUnixTimeSeconds();
        string text = Part("""{"alg":"HS256","typ":"JWT"}""") + "."
            + Part($$"""{"iss":"https://id.example.com","sub":"alice","aud":"shop","exp":{{end}}}""");
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
