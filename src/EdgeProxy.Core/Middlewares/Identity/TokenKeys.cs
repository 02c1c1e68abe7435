using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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

    // A token without kid is tried with each of them.
    private const int KeysMax = 16;

    private const string NoKey = "is neither an RSA key nor one of a NIST curve";

    private static readonly string[] Hmac = ["HS256", "HS384", "HS512"];
    private static readonly string[] Rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    private static readonly string[] Ec = ["ES256", "ES384", "ES512"];

    private readonly Digest256 _digest;

    // The kind belongs to it: the same text as a secret and as a public key are different keys.
    private TokenKeys(string kind, string text, List<SecurityKey> keys, SortedSet<string> algorithms)
    {
        _digest = Digest256.Of(Encoding.UTF8.GetBytes($"{kind}:{text}"));
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
        keys = null;
        if (secret.Contains("-----BEGIN ", StringComparison.Ordinal) || secret.StartsWith('{'))
        {
            return "is a key of another kind, which is no secret";
        }

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
            : new TokenKeys("secret", secret, [new SymmetricSecurityKey(bytes)], [.. Hmac.AsSpan(0, algorithms)]);
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
                : new TokenKeys("pem", pem, [new RsaSecurityKey(rsa.ExportParameters(false))], [.. Rsa]);
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
            if (CurveOf(point.Curve.Oid) is not { } curve)
            {
                return NoKey;
            }

            var key = new JsonWebKey
            {
                Kty = "EC",
                Crv = curve,
                X = Base64Url.EncodeToString(point.Q.X),
                Y = Base64Url.EncodeToString(point.Q.Y),
            };
            keys = new TokenKeys("pem", pem, [key], [EcAlgorithm(curve)]);
            return null;
        }
        catch (Exception exception) when (
            exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            return NoKey;
        }
    }

    /// <summary>
    /// A key set (RFC 7517). Keys that are for encryption, of another kind or too short are left out (section 5); a
    /// secret or private one is refused: it was published by mistake, or by somebody else. Null, or why not.
    /// </summary>
    public static string? OfJwks(string json, out TokenKeys? keys)
    {
        keys = null;
        var usable = new List<SecurityKey>();
        var algorithms = new SortedSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (JsonWebKey key in new JsonWebKeySet(json).Keys)
            {
                if (key.Kty == "oct" || key.HasPrivateKey)
                {
                    return "has a key that is secret";
                }

                if (key.Use != "enc" && TryAdd(key, algorithms))
                {
                    usable.Add(key);
                }
            }
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or JsonException)
        {
            return "is no key set (RFC 7517)";
        }

        if (usable.Count is 0 or > KeysMax)
        {
            return $"has {usable.Count} keys for signatures, RSA of {RsaBitsMin} bits or of a NIST curve; "
                + $"1 to {KeysMax} are accepted";
        }

        keys = new TokenKeys("jwks", json, usable, algorithms);
        return null;
    }

    /// <summary>There is a key of that name, or none is named.</summary>
    public bool Has(string? keyId)
    {
        if (keyId is null)
        {
            return true;
        }

        foreach (SecurityKey key in Keys)
        {
            if (key.KeyId == keyId)
            {
                return true;
            }
        }

        return false;
    }

    public bool Equals(TokenKeys? other) => other is not null && _digest == other._digest;

    public override bool Equals(object? obj) => Equals(obj as TokenKeys);

    public override int GetHashCode() => _digest.GetHashCode();

    private static bool TryAdd(JsonWebKey key, SortedSet<string> algorithms)
    {
        switch (key.Kty)
        {
            case "RSA" when key.KeySize >= RsaBitsMin && !string.IsNullOrEmpty(key.E):
                algorithms.UnionWith(Rsa);
                return true;
            case "EC" when BytesOf(key.Crv) is int bytes && IsCoordinate(key.X, bytes) && IsCoordinate(key.Y, bytes):
                algorithms.Add(EcAlgorithm(key.Crv));
                return true;
            default:
                return false;
        }
    }

    // RFC 7518 section 6.2.1.2: as long as the curve's, leading zeroes included.
    private static bool IsCoordinate(string text, int bytes) =>
        !string.IsNullOrEmpty(text) && Base64Url.DecodeFromChars(text).Length == bytes;

    private static int? BytesOf(string curve) => curve switch
    {
        "P-256" => 32,
        "P-384" => 48,
        "P-521" => 66,
        _ => null,
    };

    private static string? CurveOf(Oid curve) => curve.Value switch
    {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        _ => null,
    };

    private static string EcAlgorithm(string curve) => curve switch
    {
        "P-256" => Ec[0],
        "P-384" => Ec[1],
        _ => Ec[2],
    };
}
