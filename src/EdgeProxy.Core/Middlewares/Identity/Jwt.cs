using System;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

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
    private readonly TokenReader _reader;
    private readonly SeenTokens _seen = new(JwtSettings.SeenMax);
    private readonly ProofGate _gate;
    private readonly TimeProvider _time;

    public Jwt(JwtSettings settings)
        : this(settings, ProofGate.Signatures, TimeProvider.System)
    {
    }

    public Jwt(JwtSettings settings, ProofGate gate, TimeProvider time)
    {
        _settings = settings;
        _gate = gate;
        _time = time;
        _place = new CredentialPlace(settings.Place);
        _reader = new TokenReader(settings);
        string scheme = settings.Place.Scheme.Length > 0 ? settings.Place.Scheme : "Bearer";
        _admission = new Admission(settings, $"{scheme} realm={Admission.Quoted(settings.Name)}");
    }

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        Span<byte> room = stackalloc byte[JwtSettings.TokenBytesMax];
        if (!_place.TryFind(exchange, room, out ReadOnlySpan<byte> token))
        {
            return _admission.Refuse(exchange);
        }

        if (_seen.Find(token) is { } facts)
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

    private async ValueTask<Func<Exchange, Verdict>> CheckAsync(byte[] token)
    {
        try
        {
            TokenFacts? facts = await _gate
                .RunAsync(() => _reader.ReadAsync(Encoding.ASCII.GetString(token))).Unwrap().ConfigureAwait(false);
            if (facts is null)
            {
                return _admission.Refuse;
            }

            _seen.Keep(token, facts);
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
}
