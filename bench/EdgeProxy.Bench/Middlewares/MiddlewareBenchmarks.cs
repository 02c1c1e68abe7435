using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Middlewares;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Bench.Middlewares;

/// <summary>
/// What one middleware adds to a request by itself, through the chain: "none" is the chain without any and the reset
/// between requests, to be taken off the others.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(Requests)]
public class MiddlewareBenchmarks : IDisposable
{
    // The clock stands still: an iteration of more requests than the burst would measure refusals.
    private const int Requests = 1 << 19;

    private readonly SampleExchange _exchange = new();

    [Params("none", "rate_limit", "headers", "strip_prefix", "ip_allow_list", "ip_deny_list", "all_four", "api_key",
        "jwt", "compress")]
    public string Chain { get; set; } = "none";

    [IterationSetup]
    public void Setup()
    {
        _exchange.Use(Chain switch
        {
            "rate_limit" => [RateLimit()],
            "headers" => [Headers()],
            "strip_prefix" => [StripPrefix()],
            "ip_allow_list" => [IpList(isAllowing: true, "10.0.0.0/8")],
            "ip_deny_list" => [IpList(isAllowing: false, "192.0.2.0/24")],
            "api_key" => [ApiKey()],
            "jwt" => [Jwt()],
            "compress" => [Compress()],
            "all_four" => [RateLimit(), Headers(), StripPrefix(), IpList(isAllowing: true, "10.0.0.0/8")],
            _ => [],
        });
        if (!_exchange.PassAtLast())
        {
            throw new InvalidOperationException($"{Chain} refuses the sample");
        }
    }

    [Benchmark]
    public bool Pass() => _exchange.Pass();

    public void Dispose()
    {
        _exchange.Dispose();
        GC.SuppressFinalize(this);
    }

    private static RateLimit RateLimit() => new(new RateLimitSettings
    {
        Name = "limit",
        Average = RateLimitSettings.AverageMax,
        Burst = RateLimitSettings.AverageMax,
    });

    private static Headers Headers() => new(new HeadersSettings
    {
        Name = "fields",
        Request = new HeaderChanges
        {
            Set = new Sequence<HeaderLine>([Line("X-Client", "{client_ip}")]),
            Remove = new Sequence<FieldName>([FieldName.Of("X-Debug")]),
        },
        Response = new HeaderChanges
        {
            Set = new Sequence<HeaderLine>([Line("X-Served-By", "edge")]),
            Remove = new Sequence<FieldName>([FieldName.Of("Server")]),
        },
    });

    private static StripPrefix StripPrefix() =>
        new(new StripPrefixSettings { Name = "strip", Prefixes = new Sequence<string>(["/api"]) });

    // One key among a hundred.
    private static ApiKey ApiKey()
    {
        var consumers = new List<ConsumerSettings>();
        for (int i = 0; i < 100; i++)
        {
            byte[] key = i == 50 ? Encoding.ASCII.GetBytes(SampleToken.ApiKey) : BitConverter.GetBytes(i);
            consumers.Add(new ConsumerSettings
            {
                Name = $"c{i}",
                Keys = new Sequence<Digest256>([Digest256.Of(key)]),
            });
        }

        return new ApiKey(new ApiKeySettings
        {
            Name = "key",
            Place = new CredentialSettings(FieldName.Of("X-Api-Key"), "", "", ""),
            Consumers = new Sequence<ConsumerSettings>(consumers),
            ConsumerHeader = FieldName.Of("X-Consumer"),
        });
    }

    // A token that was seen before.
    private static Jwt Jwt() => new(new JwtSettings
    {
        Name = "token",
        Keys = TokenKeys.OfSecret(SampleToken.Secret, out TokenKeys? keys) is null ? keys : null,
        Place = new CredentialSettings(FieldName.Of("Authorization"), "Bearer", "", ""),
    });

    // What it decides and writes of a head; coding bodies is the library's time.
    private static Compress Compress() => new(new CompressSettings
    {
        Name = "small",
        Encodings = new Sequence<ContentCoding>([ContentCoding.Brotli, ContentCoding.Gzip]),
        Types = new Sequence<MediaRange>([MediaRange.Parse("text/*")!]),
    });

    // One range that decides among fifty that do not fit.
    private static IpList IpList(bool isAllowing, string range)
    {
        var networks = new IPNetwork[51];
        for (int i = 0; i < 50; i++)
        {
            networks[i] = IPNetwork.Parse($"172.16.{i}.0/24");
        }

        networks[50] = IPNetwork.Parse(range);
        return new IpList(new IpListSettings
        {
            Name = "list",
            IsAllowing = isAllowing,
            Networks = new Sequence<IPNetwork>(networks),
        });
    }

    private static HeaderLine Line(string name, string value) =>
        new(FieldName.Of(name), ValueTemplate.Parse(value, out string problem)
            ?? throw new InvalidOperationException(problem));
}
