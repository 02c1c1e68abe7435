using System;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Services.Sticky;

/// <summary>
/// The cookies of a sticky service, one for each server or member, made when the configuration is. A cookie's value is
/// an HMAC of the service's and the server's name: it cannot be guessed, nor guesses of an address be tried at it, and
/// it is the same in every process that has the key. Immutable.
/// </summary>
internal sealed class StickyCookies
{
    // 128 bits of the HMAC (RFC 2104 section 5 allows half) in base64url.
    private const int TokenBytes = 16;
    private const int TokenChars = 22;

    private readonly bool? _secure;
    private readonly byte[] _tokens;
    private readonly byte[][] _plain;
    private readonly byte[][] _secured;

    /// <param name="names">Of the servers or members, by place.</param>
    public StickyCookies(StickySettings settings, string service, string[] names)
    {
        _secure = settings.Secure;
        string name = NameOf(settings, service);
        Name = Encoding.ASCII.GetBytes(name);
        _tokens = new byte[names.Length * TokenChars];
        _plain = new byte[names.Length][];
        _secured = new byte[names.Length][];
        string attributes = AttributesOf(settings);
        for (int i = 0; i < names.Length; i++)
        {
            // No name has a line feed in it, so no two pairs of names are one text.
            byte[] mac = HmacSha256.Of(settings.Key.Span, Encoding.UTF8.GetBytes($"{service}\n{names[i]}"));
            string token = Base64Url.EncodeToString(mac.AsSpan(0, TokenBytes));
            Encoding.ASCII.GetBytes(token).CopyTo(_tokens.AsSpan(i * TokenChars));
            _plain[i] = Encoding.ASCII.GetBytes($"{name}={token}{attributes}");
            _secured[i] = Encoding.ASCII.GetBytes($"{name}={token}{attributes}; Secure");
        }
    }

    /// <summary>The cookie's name; names are told apart by case.</summary>
    public ReadOnlyMemory<byte> Name { get; }

    /// <summary>
    /// The place a client's value stands for; -1 if for none. How long it takes says nothing of how near a value came.
    /// </summary>
    public int PlaceOf(ReadOnlySpan<byte> value)
    {
        int found = -1;
        for (int i = 0; value.Length == TokenChars && i < _plain.Length; i++)
        {
            bool isEqual = CryptographicOperations.FixedTimeEquals(value, _tokens.AsSpan(i * TokenChars, TokenChars));
            found = isEqual ? i : found;
        }

        return found;
    }

    /// <summary>Value of the Set-Cookie that sends a client to a place again.</summary>
    /// <param name="isSecure">The client's own connection is.</param>
    public ReadOnlySpan<byte> SetCookie(int place, bool isSecure) =>
        (_secure ?? isSecure) ? _secured[place] : _plain[place];

    /// <summary>
    /// The cookie's name. Two sticky services of one site need two, and neither has to tell what it is called here.
    /// </summary>
    public static string NameOf(StickySettings settings, string service) =>
        settings.Name.Length > 0
            ? settings.Name
            : "_" + Convert.ToHexStringLower(Sha256.Of(Encoding.UTF8.GetBytes(service)).AsSpan(0, 4));

    // RFC 6265 section 4.1.1, but for Secure.
    private static string AttributesOf(StickySettings settings)
    {
        var text = new StringBuilder($"; Path={settings.Path}");
        text.Append(settings.Domain.Length > 0 ? $"; Domain={settings.Domain}" : "");
        if (settings.MaxAge > TimeSpan.Zero)
        {
            text.Append(CultureInfo.InvariantCulture, $"; Max-Age={(long)settings.MaxAge.TotalSeconds}");
        }

        text.Append(settings.HttpOnly ? "; HttpOnly" : "");
        return text.Append("; SameSite=").Append(settings.SameSite).ToString();
    }
}
