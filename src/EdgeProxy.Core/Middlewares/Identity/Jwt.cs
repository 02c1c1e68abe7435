using System;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// <c>jwt</c>: lets those pass that show a signed token (RFC 7519, RFC 6750). A token seen before costs a look-up; the
/// signature of a new one is checked off the loops. What it says of times is judged at each request, by the clock of
/// the wall.
/// </summary>
internal sealed class Jwt : Middleware
{
    private readonly JwtSettings _settings;
    private readonly CredentialPlace _place;
    private readonly Admission _admission;
    private readonly IssuerKeys? _issuer;
    private readonly ProofGate _gate;
    private readonly TimeProvider _time;
    private Checked? _checked;

    public Jwt(JwtSettings settings)
        : this(settings, ProofGate.Signatures, TimeProvider.System,
            settings.Issuer is null ? null : IssuerKeys.Of(settings.Issuer))
    {
    }

    public Jwt(JwtSettings settings, ProofGate gate, TimeProvider time, IssuerKeys? issuer = null)
    {
        _settings = settings;
        _gate = gate;
        _time = time;
        _issuer = issuer;
        _issuer?.Poke(); // before the first request needs them
        _place = new CredentialPlace(settings.Place);
        string scheme = settings.Place.Scheme.Length > 0 ? settings.Place.Scheme : "Bearer";
        _admission = new Admission(settings, $"{scheme} realm={Admission.Quoted(settings.Name)}");
    }

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        if (_issuer is { } issuer)
        {
            issuer.Poke();
            exchange.Shard.Counters.Add(Counter.KeyFetchFailures, issuer.TakeFailures());
        }

        Span<byte> room = stackalloc byte[JwtSettings.TokenBytesMax];
        if (!_place.TryFind(exchange, room, out ReadOnlySpan<byte> token))
        {
            return _admission.Refuse(exchange);
        }

        if (ByKeys()?.Seen.Find(token) is { } facts)
        {
            return Judge(exchange, facts);
        }

        if (token.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return _admission.Refuse(exchange);
        }

        return _gate.TryEnter()
            ? Deferred.Start(exchange, CheckAsync(token.ToArray()))
            : Admission.Busy(exchange);
    }

    // Of the keys as they are now: those of an issuer change, and what was proved by others counts no more.
    private Checked? ByKeys()
    {
        if ((_settings.Keys ?? _issuer!.Current) is not { } keys)
        {
            return null;
        }

        Checked? known = Volatile.Read(ref _checked);
        if (!ReferenceEquals(known?.Keys, keys))
        {
            known = new Checked(keys, new TokenReader(_settings, keys), new SeenTokens(JwtSettings.SeenMax));
            Volatile.Write(ref _checked, known);
        }

        return known;
    }

    private async ValueTask<Func<Exchange, Verdict>> CheckAsync(byte[] token)
    {
        string text = Encoding.ASCII.GetString(token);
        if (_issuer is { } issuer && issuer.Current?.Has(TokenReader.KeyIdOf(text)) != true)
        {
            // Whoever waits for an issuer keeps nobody else from being checked.
            _gate.Leave();
            await issuer.TryWaitAsync().ConfigureAwait(false);
            if (!_gate.TryEnter())
            {
                return Admission.Busy;
            }
        }

        try
        {
            if (ByKeys() is not { } keys)
            {
                return Admission.Undecided;
            }

            TokenFacts? facts = await _gate
                .RunAsync(() => keys.Reader.ReadAsync(text)).Unwrap().ConfigureAwait(false);
            if (facts is null)
            {
                return _admission.Refuse;
            }

            keys.Seen.Keep(token, facts);
            return exchange => Judge(exchange, facts);
        }
        finally
        {
            _gate.Leave();
        }
    }

    private Verdict Judge(Exchange exchange, TokenFacts facts)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (now < facts.Begins || now >= facts.Ends)
        {
            return _admission.Refuse(exchange);
        }

        if (!facts.IsAllowed)
        {
            return Admission.Forbid(exchange);
        }

        if (!_settings.IsForwarded && !_place.TryRemove(exchange))
        {
            return exchange.Reject(RejectReason.HeadTooLarge);
        }

        for (int i = 0; i < facts.Headers.Length; i++)
        {
            if (!Admission.TryAssert(exchange, _settings.Headers[i].Header, facts.Headers[i]))
            {
                return exchange.Reject(RejectReason.HeadTooLarge);
            }
        }

        return _admission.Admit(exchange, facts.Consumer);
    }

    /// <summary>What was proved by these keys.</summary>
    private sealed record Checked(TokenKeys Keys, TokenReader Reader, SeenTokens Seen);
}
