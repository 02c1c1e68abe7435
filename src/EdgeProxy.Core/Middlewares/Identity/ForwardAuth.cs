using System;
using System.Security.Cryptography;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// <c>forward_auth</c>: asks another server whether a request may pass, off the loop. 2xx: it may, and what was said of
/// who calls replaces what the client said. 3xx and 4xx are the client's answer. Anything else, and none in time, is
/// no decision: 503, unless the configuration says that the request passes then.
/// </summary>
internal sealed class ForwardAuth : Middleware
{
    // Each with fields of up to 8 KiB.
    private const int CacheMax = 1024;
    private const int CachedBytesMax = 8 * 1024;
    private const int SaltBytes = 32;

    private static readonly FieldName SetCookie = FieldName.Of("Set-Cookie");

    private readonly ForwardAuthSettings _settings;
    private readonly Admission _admission;
    private readonly AuthServer _server;
    private readonly ProofGate _gate;
    private readonly ProofCache<AuthDecision> _allowed = new(CacheMax);
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly BodyBudget _bodies = new() { BytesMax = ForwardAuthSettings.BodiesBytesMax };
    private readonly long _cacheMs;

    public ForwardAuth(ForwardAuthSettings settings)
        : this(settings, new ProofGate(ForwardAuthSettings.AskedMax, 0))
    {
    }

    public ForwardAuth(ForwardAuthSettings settings, ProofGate gate)
    {
        _settings = settings;
        _gate = gate;
        _cacheMs = (long)settings.CacheTime.TotalMilliseconds;
        _admission = new Admission(settings, "");
        _server = new AuthServer(settings);
    }

    public override Verdict OnRequest(Exchange exchange) => _settings.BodyBytesMax > 0
        ? WholeRequest.Read(exchange, this, _settings.BodyBytesMax, _bodies)
        : OnBody(exchange);

    public override Verdict OnBody(Exchange exchange)
    {
        long nowMs = exchange.Shard.Loop.NowMs;
        Digest256 digest = default;
        if (_cacheMs > 0)
        {
            digest = AuthQuestion.DigestOf(exchange, _settings, _salt);
            if (_allowed.Find(digest, nowMs) is { } decision)
            {
                return Pass(exchange, decision);
            }
        }

        return _gate.TryEnter()
            ? Deferred.Start(exchange, AskAsync(AuthQuestion.Of(exchange, _settings), digest, nowMs))
            : Admission.Busy(exchange);
    }

    private async ValueTask<Func<Exchange, Verdict>> AskAsync(AuthQuestion question, Digest256 digest, long nowMs)
    {
        try
        {
            // Off the loop from the first byte: a handler makes and connects what it needs before it waits.
            AuthDecision? decision = await Task.Run(() => _server.AskAsync(question)).ConfigureAwait(false);
            if (decision is null)
            {
                return Fail;
            }

            if (decision.Answer is not null)
            {
                return exchange => Refuse(exchange, decision);
            }

            if (decision.IsCacheable && decision.Bytes <= CachedBytesMax)
            {
                _allowed.Keep(digest, decision, nowMs + _cacheMs, nowMs);
            }

            return exchange => Pass(exchange, decision);
        }
        finally
        {
            _gate.Leave();
        }
    }

    private Verdict Pass(Exchange exchange, AuthDecision decision)
    {
        foreach ((FieldName name, byte[] value) in decision.Fields)
        {
            if (!Admission.TryAssert(exchange, name, value))
            {
                return exchange.Reject(RejectReason.HeadTooLarge);
            }
        }

        foreach (byte[] cookie in decision.Cookies)
        {
            exchange.ResponseEdits.Append(SetCookie, cookie);
        }

        return _admission.Admit(exchange, decision.Consumer);
    }

    private static Verdict Refuse(Exchange exchange, AuthDecision decision)
    {
        exchange.Shard.Counters.Add(
            decision.Answer!.Status == 403 ? Counter.RequestsForbidden : Counter.RequestsUnauthenticated);
        foreach ((FieldName name, byte[] value) in decision.Fields)
        {
            exchange.ResponseEdits.Append(name, value);
        }

        return exchange.Answer(decision.Answer);
    }

    private Verdict Fail(Exchange exchange)
    {
        if (!_settings.OpensOnFailure)
        {
            return Admission.Undecided(exchange);
        }

        exchange.Shard.Counters.Add(Counter.RequestsUndecided);
        foreach (FieldName name in _settings.ResponseHeaders)
        {
            exchange.RequestEdits.Remove(name);
        }

        return _admission.Admit(exchange, null);
    }
}
