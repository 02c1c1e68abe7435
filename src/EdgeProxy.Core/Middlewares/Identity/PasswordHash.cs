using System;
using System.Globalization;
using System.Security.Cryptography;
using Bcrypt = BCrypt.Net.BCrypt;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// The slow hash of a password: bcrypt ($2a$, $2b$, $2y$: htpasswd -B) or PBKDF2 as passlib writes it
/// ($pbkdf2-sha256$ROUNDS$SALT$HASH, and sha512). Equal if the text is.
/// </summary>
internal sealed record PasswordHash
{
    /// <summary>What is accepted, as a fault says it.</summary>
    public const string Accepts =
        "of bcrypt ($2y$...) or PBKDF2 ($pbkdf2-sha256$...): edgeproxy hash-password prints it";

    /// <summary>Over it one check takes seconds on a small machine.</summary>
    public const int BcryptCostMax = 14;

    /// <summary>What <see cref="Create"/> takes: some 60 ms on one core of a small server.</summary>
    public const int BcryptCostDefault = 10;

    /// <summary>bcrypt looks at no more.</summary>
    public const int PasswordBytesMax = 72;

    private const int BcryptCostMin = 8;
    private const int BcryptChars = 60;
    private const int RoundsMin = 10_000;
    private const int RoundsMax = 2_000_000;
    private const int SaltBytesMin = 8;
    private const int HashBytesMin = 16;

    private readonly string _text;

    private PasswordHash(string text) => _text = text;

    /// <summary>A new hash of a password of at most <see cref="PasswordBytesMax"/> bytes.</summary>
    public static PasswordHash Create(string password) => new(Bcrypt.HashPassword(password, BcryptCostDefault));

    /// <summary>Null, or why not. The reason quotes nothing.</summary>
    public static string? Refusal(string text, out PasswordHash? hash)
    {
        string? why = text switch
        {
            _ when IsBcrypt(text) => BcryptRefusal(text),
            _ when text.StartsWith("$pbkdf2-", StringComparison.Ordinal) =>
                TryReadPbkdf2(text, out _) ? null : "has no valid PBKDF2 hash",
            _ when text.StartsWith("$argon2", StringComparison.Ordinal) => "has a hash of a kind that is not supported",
            _ => "has no slow hash: what is not stretched can be guessed",
        };
        hash = why is null ? new PasswordHash(text) : null;
        return why;
    }

    /// <summary>Slow, as it is meant to be: never on a loop.</summary>
    public bool Verify(string password)
    {
        if (IsBcrypt(_text))
        {
            return Bcrypt.Verify(password, _text);
        }

        _ = TryReadPbkdf2(_text, out Pbkdf2 wanted);
        byte[] found = Rfc2898DeriveBytes.Pbkdf2(
            password, wanted.Salt, wanted.Rounds, wanted.Algorithm, wanted.Hash.Length);
        return CryptographicOperations.FixedTimeEquals(found, wanted.Hash);
    }

    /// <summary>As a users file has it.</summary>
    public override string ToString() => _text;

    private static bool IsBcrypt(string text) =>
        text.StartsWith("$2a$", StringComparison.Ordinal) || text.StartsWith("$2b$", StringComparison.Ordinal)
        || text.StartsWith("$2y$", StringComparison.Ordinal);

    private static string? BcryptRefusal(string text)
    {
        bool isWhole = text.Length == BcryptChars && text[6] == '$'
            && int.TryParse(text.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int cost);
        if (!isWhole || text.AsSpan(7).ContainsAnyExcept(BcryptAlphabet))
        {
            return "has no valid bcrypt hash";
        }

        cost = ((text[4] - '0') * 10) + (text[5] - '0');
        return cost is >= BcryptCostMin and <= BcryptCostMax
            ? null
            : $"has a bcrypt cost of {cost}; {BcryptCostMin} to {BcryptCostMax} are accepted";
    }

    private static ReadOnlySpan<char> BcryptAlphabet =>
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    // "", "pbkdf2-sha256", rounds, salt, hash.
    private static bool TryReadPbkdf2(string text, out Pbkdf2 read)
    {
        read = default;
        string[] parts = text.Split('$');
        if (parts.Length != 5
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int rounds)
            || rounds is < RoundsMin or > RoundsMax
            || !TryBase64(parts[3], out byte[] salt) || salt.Length < SaltBytesMin
            || !TryBase64(parts[4], out byte[] hash) || hash.Length < HashBytesMin)
        {
            return false;
        }

        switch (parts[1])
        {
            case "pbkdf2-sha256":
                read = new Pbkdf2(HashAlgorithmName.SHA256, rounds, salt, hash);
                return true;
            case "pbkdf2-sha512":
                read = new Pbkdf2(HashAlgorithmName.SHA512, rounds, salt, hash);
                return true;
            default:
                return false;
        }
    }

    // passlib's: '.' for '+', no padding.
    private static bool TryBase64(string text, out byte[] bytes)
    {
        string padded = text.Replace('.', '+').PadRight((text.Length + 3) / 4 * 4, '=');
        bytes = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64String(padded, bytes, out int count))
        {
            return false;
        }

        Array.Resize(ref bytes, count);
        return true;
    }

    private readonly record struct Pbkdf2(HashAlgorithmName Algorithm, int Rounds, byte[] Salt, byte[] Hash);
}
