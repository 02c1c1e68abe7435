using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Telemetry.Spooling;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry.Otlp;

/// <summary>The sender with the clock in hand: a collector that goes away for hours and comes back.</summary>
public sealed class OtlpSenderTests : IDisposable
{
    private static readonly OtlpAnswer s_taken = new(OtlpVerdict.Taken);
    private static readonly OtlpAnswer s_later = new(OtlpVerdict.Later, Why: "503");

    private readonly ManualTime _time = new();
    private readonly Spool _spool;
    private readonly List<(OtlpKind Kind, string Body)> _sent = [];
    private readonly List<string> _heard = [];
    private Func<OtlpAnswer> _answer = () => s_taken;
    private int _tries;

    public OtlpSenderTests() => _spool = new Spool(new SpoolSettings(), new MemoryFolder(), _time);

    public void Dispose() => _spool.Dispose();

    [Fact]
    public async Task Order_DeploymentsMetricsLogsTraces()
    {
        OtlpSender sender = New(withMetrics: true);
        _time.Advance(TimeSpan.FromMinutes(1));
        _spool.Append(OtlpKind.Traces, 1, "t"u8);
        _spool.Append(OtlpKind.Logs, 1, "l1"u8);
        _spool.Append(OtlpKind.Deployments, 1, "d"u8);
        _spool.Append(OtlpKind.Logs, 1, "l2"u8);

        await RunAsync(sender);

        Assert.Equal(["d", "m1", "l1", "l2", "t"], _sent.Select(s => s.Body));
        Assert.Equal(0, _spool.Bytes);
    }

    [Fact]
    public async Task AwayForHours_AsksEverMoreSeldom_AndNothingIsLost()
    {
        OtlpSender sender = New(withMetrics: true, lot: 1);
        _answer = () => s_later;
        var waits = new List<double>();
        DateTimeOffset end = _time.GetUtcNow() + TimeSpan.FromHours(6);
        for (int i = 0; _time.GetUtcNow() < end; i++)
        {
            _spool.Append(OtlpKind.Logs, 1, Encoding.ASCII.GetBytes($"{i}"));
            TimeSpan wait = await sender.StepAsync(CancellationToken.None);
            waits.Add(wait.TotalSeconds);
            _time.Advance(wait);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], waits.Take(11));
        Assert.Equal(waits.Count, _tries);
        Assert.True(sender.IsAway);
        Assert.Equal(["away: 503"], _heard);

        _answer = () => s_taken;
        await RunAsync(sender);

        // One request of metrics for all that time; the rest as it was stored.
        Assert.Equal(["m", .. Enumerable.Range(0, waits.Count).Select(i => $"{i}")],
            _sent.Select(s => s.Kind == OtlpKind.Metrics ? "m" : s.Body).Take(waits.Count + 1));
        Assert.Equal(["away: 503", "back"], _heard);
        Assert.False(sender.IsAway);
        Assert.Equal(0, _spool.Bytes);
    }

    // A day is kept, and it was away for thirty hours: six are lost, and none of the day.
    [Fact]
    public async Task AwayForLongerThanIsKept_TheLastDayComesWhole_TheRestIsCounted()
    {
        OtlpSender sender = New(withMetrics: true, lot: 1);
        _answer = () => s_later;
        DateTimeOffset away = _time.GetUtcNow();
        for (int minute = 0; minute < 30 * 60; minute++)
        {
            _spool.Append(OtlpKind.Logs, 3, Encoding.ASCII.GetBytes($"{minute}"));
            DateTimeOffset next = away.AddMinutes(minute + 1);
            while (_time.GetUtcNow() < next)
            {
                TimeSpan wait = await sender.StepAsync(CancellationToken.None);
                _time.Advance(wait < next - _time.GetUtcNow() ? wait : next - _time.GetUtcNow());
            }
        }

        _answer = () => s_taken;
        await RunAsync(sender);

        string[] logs = [.. _sent.Where(s => s.Kind == OtlpKind.Logs).Select(s => s.Body)];
        Assert.Equal(Enumerable.Range((30 * 60) - logs.Length, logs.Length).Select(static i => $"{i}"), logs);
        Assert.InRange(logs.Length, (24 * 60) - 6, 24 * 60); // the last back-off takes some minutes
        Assert.Equal(3 * ((30 * 60) - logs.Length), _spool.Lost(OtlpKind.Logs, SpoolLoss.Old));
        Assert.Equal(["away: 503", "back"], _heard);
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.5, 2)]
    [InlineData(1.0, 4)]
    public async Task Backoff_IsALotBelowItsBound(double lot, double thirdSeconds)
    {
        OtlpSender sender = New(lot: lot);
        _answer = () => s_later;
        _spool.Append(OtlpKind.Logs, 1, "a"u8);
        TimeSpan wait = TimeSpan.Zero;
        for (int i = 0; i < 3; i++)
        {
            wait = await sender.StepAsync(CancellationToken.None);
            _time.Advance(wait);
        }

        Assert.Equal(thirdSeconds, wait.TotalSeconds);
    }

    [Fact]
    public async Task RetryAfter_IsWaitedInAnyCase_WithinReason()
    {
        OtlpSender sender = New(lot: 0);
        _spool.Append(OtlpKind.Logs, 1, "a"u8);
        _answer = () => s_later with { RetryAfter = TimeSpan.FromSeconds(90) };
        Assert.Equal(90, (await sender.StepAsync(CancellationToken.None)).TotalSeconds);
        Assert.Equal(90, (await sender.StepAsync(CancellationToken.None)).TotalSeconds); // asked too early: not sent
        Assert.Equal(1, _tries);

        _time.Advance(TimeSpan.FromSeconds(90));
        _answer = () => s_later with { RetryAfter = TimeSpan.FromDays(9) };
        Assert.Equal(TimeSpan.FromHours(1), await sender.StepAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Backlog_IsSentAtALimitedRate_WhatIsFreshIsNot()
    {
        OtlpSender sender = New(drain: 1_000);
        byte[] half = new byte[500];
        _spool.Append(OtlpKind.Logs, 1, half);
        _spool.Append(OtlpKind.Logs, 1, half);
        _time.Advance(TimeSpan.FromSeconds(30));
        _spool.Append(OtlpKind.Logs, 1, half);

        Assert.Equal(0.5, (await sender.StepAsync(CancellationToken.None)).TotalSeconds);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(0.5, (await sender.StepAsync(CancellationToken.None)).TotalSeconds);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(TimeSpan.Zero, await sender.StepAsync(CancellationToken.None));
        Assert.Equal(3, _sent.Count);
    }

    [Fact]
    public async Task RefusedAndRejected_AreCounted_AndItGoesOn()
    {
        OtlpSender sender = New();
        var answers = new Queue<OtlpAnswer>(
        [
            new OtlpAnswer(OtlpVerdict.Refused, Why: "400"),
            new OtlpAnswer(OtlpVerdict.Taken, Rejected: 2),
            s_taken,
        ]);
        _answer = answers.Dequeue;
        _spool.Append(OtlpKind.Traces, 5, "a"u8);
        _spool.Append(OtlpKind.Traces, 6, "b"u8);
        _spool.Append(OtlpKind.Traces, 7, "c"u8);

        await RunAsync(sender);

        Assert.Equal(5, _spool.Lost(OtlpKind.Traces, SpoolLoss.Refused));
        Assert.Equal(2, _spool.Lost(OtlpKind.Traces, SpoolLoss.Rejected));
        Assert.Equal(2, sender.Sent);
        Assert.Equal(["refused Traces: 400"], _heard);
    }

    [Fact]
    public async Task MistakeOfOurs_CostsATry_NotTheSender()
    {
        OtlpSender sender = New();
        using var stop = new CancellationTokenSource();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = () =>
        {
            if (_tries == 1)
            {
                throw new InvalidOperationException("a bug");
            }

            sent.TrySetResult();
            return s_taken;
        };
        _spool.Append(OtlpKind.Logs, 1, "a"u8);

        Task running = sender.RunAsync(stop.Token);
        await sent.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await running;

        Assert.Equal("away: error of ours: a bug", _heard[0]);
        Assert.Equal(2, _tries);
    }

    [Fact]
    public async Task Metrics_AtTheirInterval_AndTheNextHasAll()
    {
        OtlpSender sender = New(withMetrics: true);
        Assert.Equal(60, (await sender.StepAsync(CancellationToken.None)).TotalSeconds, 1);
        _time.Advance(TimeSpan.FromSeconds(60));
        await RunAsync(sender);
        _time.Advance(TimeSpan.FromSeconds(59));
        await RunAsync(sender);
        Assert.Equal(["m1"], _sent.Select(s => s.Body));
        _time.Advance(TimeSpan.FromSeconds(1));
        await RunAsync(sender);
        Assert.Equal(["m1", "m2"], _sent.Select(s => s.Body));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("0A020805", 5)]
    [InlineData("0A0708031203626164", 3)]
    [InlineData("0A0712036261640803", 3)]
    [InlineData("0A", 0)]
    [InlineData("0AFFFFFFFFFFFFFFFFFF01", 0)]
    [InlineData("0A0B08FFFFFFFFFFFFFFFFFF01", 0)]
    public void Reply_PartialSuccess_OrNone(string hex, long rejected) =>
        Assert.Equal(new OtlpAnswer(OtlpVerdict.Taken, Rejected: rejected), OtlpReply.Read(Convert.FromHexString(hex)));

    private OtlpSender New(bool withMetrics = false, double lot = 0, long drain = 0)
    {
        int number = 0;
        return new OtlpSender(_spool, new Transport(this), _time, new OtlpSenderSettings
        {
            Metrics = withMetrics ? () => Encoding.ASCII.GetBytes($"m{++number}") : null,
            Lot = () => lot,
            DrainBytesPerSecond = drain,
            OnAway = why => _heard.Add($"away: {why}"),
            OnBack = () => _heard.Add("back"),
            OnRefused = (kind, why) => _heard.Add($"refused {kind}: {why}"),
        });
    }

    // Until there is nothing to send.
    private async Task RunAsync(OtlpSender sender)
    {
        TimeSpan wait;
        do
        {
            wait = await sender.StepAsync(CancellationToken.None);
            if (wait > TimeSpan.Zero && _spool.Bytes > 0)
            {
                _time.Advance(wait);
            }
        }
        while (wait == TimeSpan.Zero || _spool.Bytes > 0);
    }

    private sealed class Transport(OtlpSenderTests test) : IOtlpTransport
    {
        public Task<OtlpAnswer> SendAsync(OtlpKind kind, ReadOnlyMemory<byte> request, CancellationToken stop)
        {
            test._tries++;
            OtlpAnswer answer = test._answer();
            if (answer.Verdict == OtlpVerdict.Taken)
            {
                test._sent.Add((kind, Encoding.ASCII.GetString(request.Span)));
            }

            return Task.FromResult(answer);
        }

        public void Dispose()
        {
        }
    }
}
