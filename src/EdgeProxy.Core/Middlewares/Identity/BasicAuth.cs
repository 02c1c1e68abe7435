using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Who may pass with which password.</summary>
internal sealed record BasicAuthSettings : IdentitySettings
{
    public const int UsersMax = 10_000;

    public static TimeSpan CacheTimeDefault { get; } = TimeSpan.FromMinutes(1);

    public Sequence<UserSettings> Users { get; init; } = Sequence<UserSettings>.Empty;

    /// <summary>Printable ASCII.</summary>
    public string Realm { get; init; } = "edgeproxy";

    /// <summary>Tells the server the user's name; null: none.</summary>
    public FieldName? UserHeader { get; init; }

    /// <summary>How long what was proved is believed without hashing again; 0: not at all.</summary>
    public TimeSpan CacheTime { get; init; } = CacheTimeDefault;
}

/// <summary>
/// <c>basic_auth</c>: lets those pass that show a user's password (RFC 7617). The slow hash is computed off the loops,
/// few at a time (<see cref="ProofGate"/>); for a user that does not exist the hash of another one is, so that the
/// time says nothing.
/// </summary>
internal sealed class BasicAuth : Middleware
{
    /// <summary>User, colon and password, decoded.</summary>
    public const int CredentialBytesMax = 512;

    // Pairs of user and password that were right; over it one is forgotten for each that comes.
    private const int CacheMax = 4096;
    private const int SaltBytes = 32;

    private static readonly FieldName Authorization = FieldName.Of("Authorization");
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: false);

    private readonly BasicAuthSettings _settings;
    private readonly CredentialPlace _place = new(new CredentialSettings(Authorization, "Basic", "", ""));
    private readonly Admission _admission;
    private readonly ProofGate _gate;
    private readonly Func<PasswordHash, string, bool> _verify;
    private readonly User[] _users;
    private readonly Dictionary<string, User> _byName = new(StringComparer.Ordinal);
    private readonly ProofCache<User> _proofs = new(CacheMax);
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly long _cacheMs;

    public BasicAuth(BasicAuthSettings settings)
        : this(settings, ProofGate.Passwords)
    {
    }

    /// <param name="verify">Computes the slow hash of a password; null: <see cref="PasswordHash.Verify"/>.</param>
    public BasicAuth(
        BasicAuthSettings settings, ProofGate gate, Func<PasswordHash, string, bool>? verify = null)
    {
        _settings = settings;
        _gate = gate;
        _verify = verify ?? (static (hash, password) => hash.Verify(password));
        _cacheMs = (long)settings.CacheTime.TotalMilliseconds;
        _admission = new Admission(settings, $"Basic realm={Admission.Quoted(settings.Realm)}, charset=\"UTF-8\"");
        Dictionary<string, Consumer> consumers = ConsumersByUser.Of(settings.Consumers);
        _users = new User[settings.Users.Count];
        for (int i = 0; i < _users.Length; i++)
        {
            UserSettings user = settings.Users[i];
            _users[i] = new User(
                Encoding.UTF8.GetBytes(user.Name), user.Hash, consumers.GetValueOrDefault(user.Name));
            _byName.Add(user.Name, _users[i]);
        }
    }

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        Span<byte> room = stackalloc byte[CredentialBytesMax];
        if (!_place.TryFind(exchange, default, out ReadOnlySpan<byte> encoded)
            || !TryDecode(encoded, room, out int length, out int colon))
        {
            return _admission.Refuse(exchange);
        }

        Span<byte> pair = room[..length];
        Digest256 digest = DigestOf(pair);
        long nowMs = exchange.Shard.Loop.NowMs;
        if (_proofs.Find(digest, nowMs) is { } proved)
        {
            return Admit(exchange, proved);
        }

        if (!_gate.TryEnter())
        {
            return Admission.Busy(exchange);
        }

        string name = StrictUtf8.GetString(pair[..colon]);
        string password = StrictUtf8.GetString(pair[(colon + 1)..]);
        pair.Clear();
        return Deferred.Start(exchange, CheckAsync(name, password, digest, nowMs));
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, Span<byte> room, out int length, out int colon)
    {
        length = 0;
        colon = -1;
        if (Base64.DecodeFromUtf8(encoded, room, out int consumed, out length) != OperationStatus.Done
            || consumed != encoded.Length)
        {
            return false;
        }

        // RFC 7617 section 2: no control characters. bcrypt would end at a NUL, and take what is before it.
        ReadOnlySpan<byte> pair = room[..length];
        colon = pair.IndexOf((byte)':');
        return colon > 0 && !FieldValue.HasControl(pair);
    }

    private Digest256 DigestOf(ReadOnlySpan<byte> pair)
    {
        var hash = new Sha256();
        hash.Append(_salt);
        hash.Append(pair);
        return Digest256.End(ref hash);
    }

    private async ValueTask<Func<Exchange, Verdict>> CheckAsync(
        string name, string password, Digest256 digest, long nowMs)
    {
        try
        {
            bool exists = _byName.TryGetValue(name, out User? user);
            user ??= StandInFor(name);
            // A browser opens several connections at once: whoever waited behind the first need not hash again.
            bool isRight = await _gate
                .RunAsync(() => _proofs.Find(digest, nowMs) is not null || _verify(user.Hash, password))
                .ConfigureAwait(false);
            if (!exists || !isRight)
            {
                return _admission.Refuse;
            }

            _proofs.Keep(digest, user, nowMs + _cacheMs, nowMs);
            return exchange => Admit(exchange, user);
        }
        finally
        {
            _gate.Leave();
        }
    }

    // The same for each try at one name, as it is for a user that exists.
    private User StandInFor(string name) =>
        _users[(int)((uint)DigestOf(Encoding.UTF8.GetBytes(name)).GetHashCode() % (uint)_users.Length)];

    private Verdict Admit(Exchange exchange, User user)
    {
        if (!_settings.IsForwarded)
        {
            _ = _place.TryRemove(exchange); // of a header, which always fits
        }

        if (_settings.UserHeader is { } header && !Admission.TryAssert(exchange, header, user.Name))
        {
            return exchange.Reject(RejectReason.HeadTooLarge);
        }

        return _admission.Admit(exchange, user.Consumer);
    }

    private sealed record User(byte[] Name, PasswordHash Hash, Consumer? Consumer);
}
