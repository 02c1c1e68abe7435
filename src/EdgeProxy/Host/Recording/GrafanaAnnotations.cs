using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Otlp;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host.Recording;

/// <summary>
/// Tells a Grafana of deployments, one at a time and in their order, off the loops. What it does not take because it
/// cannot be reached is told again, with the back-off of the collector; what it refuses is logged and forgotten.
/// </summary>
internal sealed class GrafanaAnnotations : IDisposable, IMetricsSource
{
    private readonly GrafanaSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Deployment> _waiting;
    private RandomSequence _lots = new(BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()));
    private long _taken;
    private long _lost;

    public GrafanaAnnotations(GrafanaSettings settings, TimeProvider time, ILogger logger)
    {
        _settings = settings;
        _time = time;
        _logger = logger;
        _client = new HttpMessageInvoker(HandlerOf(settings));
        _waiting = Channel.CreateBounded<Deployment>(
            new BoundedChannelOptions(GrafanaSettings.WaitingMax) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref _lost));
        _ = Task.Run(SendAllAsync);
    }

    public GrafanaSettings Settings => _settings;

    /// <summary>Any thread; never waits.</summary>
    public void Put(Deployment deployment) => _waiting.Writer.TryWrite(deployment);

    public void Collect(ICollection<MetricSample> samples)
    {
        const string name = "edgeproxy_grafana_annotations_total";
        const string help = "Deployments told to Grafana, and those that it did not take.";
        samples.Add(new MetricSample(name, help, MetricKind.Counter, Interlocked.Read(ref _taken),
            [new MetricLabel("result", "taken")]));
        samples.Add(new MetricSample(name, help, MetricKind.Counter, Interlocked.Read(ref _lost),
            [new MetricLabel("result", "lost")]));
    }

    /// <summary>What waits is lost: deployments are in the collector and in the metrics, too.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _stop.Cancel();
        _client.Dispose();
    }

    private static SocketsHttpHandler HandlerOf(GrafanaSettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the token is for this address
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = GrafanaSettings.Timeout,
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

        return handler;
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (Deployment deployment in _waiting.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                bool isTaken = await SendAsync(deployment).ConfigureAwait(false);
                Interlocked.Increment(ref isTaken ? ref _taken : ref _lost);
            }
        }
        catch (OperationCanceledException)
        {
            // The configuration, or the process, is over.
        }
    }

    private async Task<bool> SendAsync(Deployment deployment)
    {
        byte[] body = GrafanaAnnotation.Write(deployment);
        long begun = _time.GetTimestamp();
        TimeSpan most = OtlpLimits.BackoffFirst;
        bool isTold = false;
        while (true)
        {
            (int status, string why) = await TryAsync(body).ConfigureAwait(false);
            if (status is >= 200 and < 300)
            {
                return true;
            }

            bool mayBeLater = status is 0 or 429 or >= 500;
            if (!mayBeLater || _time.GetElapsedTime(begun) > GrafanaSettings.AgeMax)
            {
                Log.Refused(_logger, _settings.Url.Authority, deployment.Service, deployment.Version, why, null);
                return false;
            }

            if (!isTold)
            {
                isTold = true;
                Log.Away(_logger, _settings.Url.Authority, why, null);
            }

            await Task.Delay(most * ((_lots.Next() >> 11) * (1.0 / (1UL << 53))), _time, _stop.Token)
                .ConfigureAwait(false);
            most = TimeSpan.FromTicks(Math.Min(2 * most.Ticks, OtlpLimits.BackoffMax.Ticks));
        }
    }

    // Status 0: there was no answer.
    private async Task<(int Status, string Why)> TryAsync(byte[] body)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        deadline.CancelAfter(GrafanaSettings.Timeout);
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(
                HttpMethod.Post, $"{_settings.Url.AbsoluteUri.TrimEnd('/')}/api/annotations")
            { Content = content };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_settings.Token}");
            request.Headers.TryAddWithoutValidation("User-Agent", $"edgeproxy/{BuildStamp.Version}");
            using HttpResponseMessage response =
                await _client.SendAsync(request, deadline.Token).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            return (status, $"it answers {status}");
        }
        catch (Exception e) when (!_stop.IsCancellationRequested
            && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (0, e is OperationCanceledException ? "no answer" : e.GetBaseException().Message);
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> Away =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.GrafanaAway,
                "Grafana {Authority} does not take a deployment, it is told again: {Why}");

        public static readonly Action<ILogger, string, string, string, string, Exception?> Refused =
            LoggerMessage.Define<string, string, string, string>(LogLevel.Warning, EventIds.GrafanaRefuses,
                "Grafana {Authority} does not take the deployment of {Service} {Version}: {Why}");
    }
}
