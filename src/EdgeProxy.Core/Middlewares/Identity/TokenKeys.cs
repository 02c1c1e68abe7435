using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Primitives.Hashing;
using Microsoft.IdentityModel.Tokens;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// Keys that signatures are checked with, and the algorithms that go with them: those of the keys' own kind and no
/// other (RFC 8725 sections 2.1 and 3.1: a public key is never a secret, "none" is never an algorithm). Equal if their
/// text is.
/// </summary>
internal sealed class TokenKeys : IEquatable<TokenKeys>
{
    private const int RsaBitsMin = 2048;

    private static readonly string[] Hmac = ["HS256", "HS384", "HS512"];
    private static readonly string[] Rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    private static readonly string[] Ec = ["ES256", "ES384", "ES512"];

    private readonly Digest256 _digest;

    private TokenKeys(string text, List<SecurityKey> keys, SortedSet<string> algorithms)
    {
        _digest = Digest256.Of(Encoding.UTF8.GetBytes(text));
        Keys = keys;
        Algorithms = [.. algorithms];
    }

    public IReadOnlyList<SecurityKey> Keys { get; }

    public IReadOnlyList<string> Algorithms { get; }

    /// <summary>
    /// A shared secret, for HS256, and if it is as long as their hash (RFC 7518 section 3.2) for HS384 and HS512. Null,
    /// or why not.
    /// </summary>
    public static string? OfSecret(string secret, out TokenKeys? keys)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(secret);
        int algorithms = bytes.Length switch
        {
            < SHA256.HashSizeInBytes => 0,
            < SHA384.HashSizeInBytes => 1,
            < SHA512.HashSizeInBytes => 2,
            _ => 3,
        };
        keys = algorithms == 0
            ? null
            : new TokenKeys(secret, [new SymmetricSecurityKey(bytes)], [.. Hmac.AsSpan(0, algorithms)]);
        return keys is null ? $"has less than {JwtSettings.SecretBytesMin} bytes" : null;
    }

    /// <summary>
    /// A public key in PEM (RFC 7468): RSA of 2048 bits or more, or of a NIST curve. Null, or why not.
    /// </summary>
    public static string? OfPem(string pem, out TokenKeys? keys)
    {
        keys = null;
        if (!pem.Contains("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal))
        {
            return "is no public key in PEM (-----BEGIN PUBLIC KEY-----)";
        }

        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            keys = rsa.KeySize < RsaBitsMin
                ? null
                : new TokenKeys(pem, [new RsaSecurityKey(rsa.ExportParameters(false))], [.. Rsa]);
            return keys is null ? $"is an RSA key of less than {RsaBitsMin} bits" : null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // Another kind of key, then.
        }

        try
        {
            using var ec = ECDsa.Create();
            ec.ImportFromPem(pem);
            ECParameters point = ec.ExportParameters(false);
            var key = new JsonWebKey
            {
                Kty = "EC",
                Crv = $"P-{ec.KeySize}",
                X = Base64Url.EncodeToString(point.Q.X),
                Y = Base64Url.EncodeToString(point.Q.Y),
            };
            keys = new TokenKeys(pem, [key], [EcAlgorithm(ec.KeySize)]);
            return null;
        }
        catch (Exception exception) when (
            exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            return "is neither an RSA key nor one of a NIST curve";
        }
    }

    /// <summary>A key set (RFC 7517); keys that are for encryption are left out. Null, or why not.</summary>
    public static string? OfJwks(string json, out TokenKeys? keys)
    {
        keys = null;
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(json);
        }
        catch (ArgumentException)
        {
            return "is no key set (RFC 7517)";
        }

        var usable = new List<SecurityKey>();
        var algorithms = new SortedSet<string>(StringComparer.Ordinal);
        foreach (JsonWebKey key in set.Keys)
        {
            if (key.Use == "enc")
            {
                continue;
            }

            if (Refusal(key, algorithms) is { } why)
            {
                return why;
            }

            usable.Add(key);
        }

        keys = usable.Count > 0 ? new TokenKeys(json, usable, algorithms) : null;
        return keys is null ? "has no key for signatures" : null;
    }

    public bool Equals(TokenKeys? other) => other is not null && _digest == other._digest;

    public override bool Equals(object? obj) => Equals(obj as TokenKeys);

    public override int GetHashCode() => _digest.GetHashCode();

    // A set of public keys has no secrets in it: one that has was published by mistake, or by somebody else.
    private static string? Refusal(JsonWebKey key, SortedSet<string> algorithms)
    {
        switch (key.Kty)
        {
            case "RSA" when key.KeySize >= RsaBitsMin:
                algorithms.UnionWith(Rsa);
                return null;
            case "RSA":
                return $"has an RSA key of less than {RsaBitsMin} bits";
            case "EC" when key.Crv is "P-256" or "P-384" or "P-521":
                algorithms.Add(EcAlgorithm(key.KeySize));
                return null;
            default:
                return "has a key that is neither RSA nor of a NIST curve";
        }
    }

    private static string EcAlgorithm(int bits) => bits switch
    {
        256 => Ec[0],
        384 => Ec[1],
        _ => Ec[2],
    };
}
