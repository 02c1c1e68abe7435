using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Host.Recording;

/// <summary>
/// OTLP over HTTP/1.1 (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP") or gRPC. Used by one sender at a time.
/// </summary>
internal sealed class HttpOtlpTransport : IOtlpTransport
{
    private const string Protobuf = "application/x-protobuf";
    private const int GrpcHeadBytes = 5;

    private readonly OtlpSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;

    public HttpOtlpTransport(OtlpSettings settings, TimeProvider time)
    {
        _time = time;
        _settings = settings;
        _client = new HttpMessageInvoker(HandlerOf(settings));
    }

    public async Task<OtlpAnswer> SendAsync(OtlpKind kind, ReadOnlyMemory<byte> request, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_settings.Timeout);
        try
        {
            using HttpRequestMessage message = _settings.IsGrpc ? GrpcRequest(kind, request) : Request(kind, request);
            using HttpResponseMessage response = await _client.SendAsync(message, deadline.Token)
                .ConfigureAwait(false);
            byte[] body = await ReadAsync(response, deadline.Token).ConfigureAwait(false);
            return _settings.IsGrpc ? GrpcAnswer(response, body) : Answer(response, body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            string why = e is OperationCanceledException
                ? $"no answer within {_settings.Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s"
                : e.GetBaseException().Message;
            return new OtlpAnswer(OtlpVerdict.Later, Why: why);
        }
    }

    public void Dispose() => _client.Dispose();

    private static SocketsHttpHandler HandlerOf(OtlpSettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = settings.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), // a name may lead elsewhere by then
            MaxConnectionsPerServer = 2,
        };
        if (settings.CaPem.Length > 0)
        {
            var chain = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            chain.CustomTrustStore.ImportFromPem(settings.CaPem);
            handler.SslOptions.CertificateChainPolicy = chain;
        }

        if (settings.CertificatePem.Length > 0)
        {
            handler.SslOptions.ClientCertificates =
                [X509Certificate2.CreateFromPem(settings.CertificatePem, settings.KeyPem)];
        }

        return handler;
    }

    private HttpRequestMessage Request(OtlpKind kind, ReadOnlyMemory<byte> request)
    {
        var content = new ReadOnlyMemoryContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue(Protobuf);
        content.Headers.ContentEncoding.Add("gzip");
        string address = $"{_settings.Endpoint.AbsoluteUri.TrimEnd('/')}/v1/{OtlpKinds.Signal(kind)}";
        return WithFields(new HttpRequestMessage(HttpMethod.Post, address) { Content = content });
    }

    private HttpRequestMessage GrpcRequest(OtlpKind kind, ReadOnlyMemory<byte> request)
    {
        // One message: compressed, its length, its bytes.
        byte[] framed = new byte[GrpcHeadBytes + request.Length];
        framed[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), request.Length);
        request.CopyTo(framed.AsMemory(GrpcHeadBytes));
        var content = new ByteArrayContent(framed);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        (string package, string service) = OtlpKinds.Signal(kind) switch
        {
            "metrics" => ("metrics", "MetricsService"),
            "traces" => ("trace", "TraceService"),
            _ => ("logs", "LogsService"),
        };
        string path = $"/opentelemetry.proto.collector.{package}.v1.{service}/Export";
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_settings.Endpoint, path))
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.TryAddWithoutValidation("te", "trailers");
        message.Headers.TryAddWithoutValidation("grpc-encoding", "gzip");
        return WithFields(message);
    }

    private HttpRequestMessage WithFields(HttpRequestMessage message)
    {
        message.Headers.TryAddWithoutValidation("User-Agent", $"edgeproxy/{BuildStamp.Version}");
        foreach (OtlpHeader header in _settings.Headers)
        {
            message.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        return message;
    }

    // To the end, so that the connection can be used again and trailers are there; what is too long is cut off.
    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        byte[] body = new byte[OtlpLimits.AnswerBytesMax];
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, stop)
            .ConfigureAwait(false);
        return body[..length];
    }

    private OtlpAnswer Answer(HttpResponseMessage response, byte[] body)
    {
        int status = (int)response.StatusCode;
        if (status is >= 200 and < 300)
        {
            return OtlpReply.Read(body);
        }

        string why = $"it answers {status}";
        return status is 429 or 502 or 503 or 504
            ? new OtlpAnswer(OtlpVerdict.Later, RetryAfterOf(response), Why: why)
            : new OtlpAnswer(OtlpVerdict.Refused, Why: why);
    }

    // The codes that may be tried again: opentelemetry.io/docs/specs/otlp, "OTLP/gRPC Response", "Failures".
    private OtlpAnswer GrpcAnswer(HttpResponseMessage response, byte[] body)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            string why = $"it answers {(int)response.StatusCode}";
            return new OtlpAnswer(OtlpVerdict.Later, RetryAfterOf(response), Why: why);
        }

        const string field = "grpc-status";
        string status = FieldOf(response.TrailingHeaders, field) ?? FieldOf(response.Headers, field) ?? "2";
        return status switch
        {
            "0" => body.Length > GrpcHeadBytes && body[0] == 0
                ? OtlpReply.Read(body.AsSpan(GrpcHeadBytes))
                : new OtlpAnswer(OtlpVerdict.Taken),
            "1" or "4" or "8" or "10" or "11" or "14" or "15" or "2" =>
                new OtlpAnswer(OtlpVerdict.Later, RetryAfterOf(response), Why: $"its gRPC status is {status}"),
            _ => new OtlpAnswer(OtlpVerdict.Refused, Why: $"its gRPC status is {status}"),
        };
    }

    private static string? FieldOf(HttpHeaders headers, string name)
    {
        if (headers.TryGetValues(name, out System.Collections.Generic.IEnumerable<string>? values))
        {
            foreach (string value in values)
            {
                return value;
            }
        }

        return null;
    }

    private TimeSpan RetryAfterOf(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? after = response.Headers.RetryAfter;
        TimeSpan wait = after?.Delta ?? (after?.Date is { } date ? date - _time.GetUtcNow() : TimeSpan.Zero);
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
