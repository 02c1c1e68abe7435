using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// Checks a token (RFC 7519, RFC 8725) and reads what it says. The signature, iss, aud and that there is an exp are the
/// library's to judge; times are judged anew at each request, and what the claims mean is ours.
/// </summary>
internal sealed class TokenReader
{
    // Deeper ones are no claims of anybody's.
    private const int DepthMax = 16;

    private static readonly JsonDocumentOptions Strict =
        new() { AllowDuplicateProperties = false, MaxDepth = DepthMax };

    private readonly JwtSettings _settings;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters _parameters;
    private readonly List<(ConsumerSettings Settings, Consumer Consumer)> _consumers = [];

    public TokenReader(JwtSettings settings, TokenKeys keys)
    {
        _settings = settings;
        _handler.MaximumTokenSizeInBytes = JwtSettings.TokenBytesMax;
        _parameters = new TokenValidationParameters
        {
            IssuerSigningKeys = keys.Keys,
            ValidAlgorithms = keys.Algorithms,
            TryAllIssuerSigningKeys = true, // kid says which; a token without one may be of any of the few
            RequireSignedTokens = true,
            ValidateIssuer = settings.Issuers.Count > 0,
            ValidIssuers = settings.Issuers,
            ValidateAudience = settings.Audiences.Count > 0,
            ValidAudiences = settings.Audiences,
            ValidateLifetime = false,
            LogValidationExceptions = false,
            IncludeTokenOnFailedValidation = false,
        };
        for (int i = 0; i < settings.Consumers.Count; i++)
        {
            ConsumerSettings known = settings.Consumers[i];
            if (known.Claims.Count > 0)
            {
                _consumers.Add((known, new Consumer(known.Name, i)));
            }
        }
    }

    /// <summary>The key a token says it is signed with; null: none, or not a token.</summary>
    public static string? KeyIdOf(string token)
    {
        int dot = token.IndexOf('.', StringComparison.Ordinal);
        try
        {
            using JsonDocument header = JsonDocument.Parse(
                Base64Url.DecodeFromChars(token.AsSpan(0, Math.Max(0, dot))), Strict);
            return header.RootElement.ValueKind == JsonValueKind.Object
                && header.RootElement.TryGetProperty("kid"u8, out JsonElement kid)
                && kid.ValueKind == JsonValueKind.String ? kid.GetString() : null;
        }
        catch (Exception exception) when (IsOfTheText(exception))
        {
            return null;
        }
    }

    /// <summary>Null if anything is wrong with it but its times.</summary>
    public async Task<TokenFacts?> ReadAsync(string token)
    {
        // Three parts: an encrypted token (RFC 7516) has five, and nobody here could read it.
        string[] parts = token.Split('.');
        if (parts.Length != 3 || !IsHeaderUnderstood(parts[0]))
        {
            return null;
        }

        TokenValidationResult result = await _handler.ValidateTokenAsync(token, _parameters).ConfigureAwait(false);
        if (!result.IsValid)
        {
            return null;
        }

        try
        {
            using JsonDocument payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            return FactsOf(payload.RootElement);
        }
        catch (Exception exception) when (IsOfTheText(exception))
        {
            return null;
        }
    }

    // A name or a text with half of a surrogate pair is an InvalidOperationException when it is looked at.
    private static bool IsOfTheText(Exception exception) =>
        exception is JsonException or FormatException or InvalidOperationException;

    // RFC 7515 section 4.1.11: what is critical has to be understood, and nothing is.
    private static bool IsHeaderUnderstood(string part)
    {
        try
        {
            using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
            return header.RootElement.ValueKind == JsonValueKind.Object
                && !header.RootElement.TryGetProperty("crit"u8, out _);
        }
        catch (Exception exception) when (IsOfTheText(exception))
        {
            return false;
        }
    }

    private TokenFacts? FactsOf(JsonElement payload)
    {
        // RFC 7519 section 2: seconds since 1970, with or without a fraction. A token without an end is none.
        if (!TryTime(payload, "exp"u8, DateTimeOffset.MinValue, out DateTimeOffset ends)
            || ends == DateTimeOffset.MinValue
            || !TryTime(payload, "nbf"u8, DateTimeOffset.MinValue, out DateTimeOffset begins)
            || !TryTime(payload, "iat"u8, DateTimeOffset.MinValue, out DateTimeOffset issued))
        {
            return null;
        }

        begins = begins > issued ? begins : issued;
        byte[][] headers = new byte[_settings.Headers.Count][];
        for (int i = 0; i < headers.Length; i++)
        {
            byte[] value = Encoding.UTF8.GetBytes(TextOf(payload, _settings.Headers[i].Path));
            headers[i] = FieldValue.HasControl(value) ? [] : value;
        }

        return new TokenFacts(
            begins - DateTimeOffset.MinValue < _settings.Skew ? begins : begins - _settings.Skew,
            DateTimeOffset.MaxValue - ends < _settings.Skew ? ends : ends + _settings.Skew,
            ConsumerOf(payload),
            HasAll(payload, _settings.Claims),
            headers);
    }

    private static bool TryTime(
        JsonElement payload, ReadOnlySpan<byte> name, DateTimeOffset absent, out DateTimeOffset time)
    {
        time = absent;
        if (!payload.TryGetProperty(name, out JsonElement claim))
        {
            return true;
        }

        if (claim.ValueKind != JsonValueKind.Number || !claim.TryGetDouble(out double seconds)
            || !(seconds is > 0 and < 253_402_300_799d))
        {
            return false;
        }

        time = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }

    // A token that proves two proves neither: the order of a file is no reason to be one of them.
    private Consumer? ConsumerOf(JsonElement payload)
    {
        Consumer? found = null;
        foreach ((ConsumerSettings settings, Consumer consumer) in _consumers)
        {
            if (HasAll(payload, settings.Claims))
            {
                if (found is not null)
                {
                    return null;
                }

                found = consumer;
            }
        }

        return found;
    }

    private static bool HasAll(JsonElement payload, Sequence<ClaimRule> rules)
    {
        foreach (ClaimRule rule in rules)
        {
            bool has = false;
            foreach (string value in rule.Values)
            {
                has |= Has(payload, rule.Path, value);
            }

            if (!has)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Has(JsonElement payload, string path, string value)
    {
        if (!TryFind(payload, path, out JsonElement claim))
        {
            return false;
        }

        if (claim.ValueKind != JsonValueKind.Array)
        {
            return TextOf(claim) == value;
        }

        foreach (JsonElement item in claim.EnumerateArray())
        {
            if (TextOf(item) == value)
            {
                return true;
            }
        }

        return false;
    }

    // A claim's whole name comes first: names with dots are common, "https://example.com/role" too.
    private static bool TryFind(JsonElement from, string path, out JsonElement found)
    {
        found = default;
        if (from.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (from.TryGetProperty(path, out found))
        {
            return true;
        }

        int dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && from.TryGetProperty(path.AsSpan(0, dot), out JsonElement inner)
            && TryFind(inner, path[(dot + 1)..], out found);
    }

    private static string TextOf(JsonElement payload, string path)
    {
        if (!TryFind(payload, path, out JsonElement claim))
        {
            return "";
        }

        if (claim.ValueKind != JsonValueKind.Array)
        {
            return TextOf(claim) ?? "";
        }

        // An item with a comma would be two at the server: then there is no value.
        var values = new List<string>();
        foreach (JsonElement item in claim.EnumerateArray())
        {
            if (TextOf(item) is { } text)
            {
                if (text.Contains(',', StringComparison.Ordinal))
                {
                    return "";
                }

                values.Add(text);
            }
        }

        return string.Join(',', values);
    }

    // Null: an object, an array, or nothing.
    private static string? TextOf(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String => claim.GetString(),
        JsonValueKind.Number => claim.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };
}
