using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>What requests show to middlewares that ask who calls.</summary>
internal static class Credentials
{
    public const string ApiKey = "an-api-key-of-forty-characters-0123456789";

    /// <summary>In hex, as the configuration knows it.</summary>
    public static string ApiKeySha256 { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(ApiKey)));

    public const string Secret = "a secret of thirty-two characters or more";

    /// <summary>Field lines: a key, and a token by HS256 that is good for some years.</summary>
    public static string Fields { get; } = $"X-Api-Key: {ApiKey}\r\nAuthorization: Bearer {Token()}\r\n";

    private static string Token()
    {
        long end = DateTimeOffset.UtcNow.AddYears(5).ToUnixTimeSeconds();
        string text = Part("""{"alg":"HS256","typ":"JWT"}""") + "."
            + Part($$"""{"iss":"https://id.example.com","sub":"alice","aud":"shop","exp":{{end}}}""");
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
