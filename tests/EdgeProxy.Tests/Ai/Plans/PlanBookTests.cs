using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using Xunit;

namespace EdgeProxy.Tests.Ai.Plans;

/// <summary>What is reserved, settled, carried and kept.</summary>
public sealed class PlanBookTests : IDisposable
{
    private const long NowMs = 1_800_000_000_000; // 2027-01-15 08:00:00 UTC
    private const long MinuteMs = 60_000;
    private const long HourMs = 60 * MinuteMs;
    private const long DayMs = 86_400_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-plans-");
    private readonly List<PlanBook> _books = [];

    [Fact]
    public void Reserve_UntilNothingIsLeft_ThenRefuses_AndSettlingGivesBack()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 100));

        Assert.False(Reserve(book, plan, Amounts(20, 40), out PlanClaim first).IsRefused);
        Assert.False(Reserve(book, plan, Amounts(10, 30), out PlanClaim second).IsRefused);
        PlanDecision refused = Reserve(book, plan, Amounts(0, 1), out _);
        Assert.True(refused.IsRefused);
        Assert.Equal((100, 1, "tokens per day"), (refused.Used, refused.Wanted, refused.Limit!.Text));
        Assert.Equal(DayMs - (NowMs % DayMs), refused.RetryMs);

        book.Settle(ref first, Amounts(18, 3));
        book.Settle(ref first, Amounts(18, 3));
        book.Settle(ref second, default);
        Assert.Equal(21, Used(book, plan));
        Assert.Equal(1, plan.Tally.Refused);
    }

    [Fact]
    public void Settle_MoreThanReserved_IsADebtOfTheNextPeriods()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Minute, 100));
        Reserve(book, plan, Amounts(10, 10), out PlanClaim claim);
        book.Settle(ref claim, Amounts(10, 240));

        Assert.Equal(250, Used(book, plan));
        Assert.True(Reserve(book, plan, Amounts(0, 1), out _).IsRefused);
        Assert.Equal(150, Used(book, plan, NowMs + MinuteMs));
        Assert.Equal(50, Used(book, plan, NowMs + (2 * MinuteMs)));
        Assert.Equal(0, Used(book, plan, NowMs + (9 * MinuteMs)));
    }

    [Fact]
    public void ADebt_OutlivesAProcess_AndTheMachine()
    {
        PlanLimitSettings limit = Limit(PlanCount.Tokens, PlanPeriod.Hour, 100);
        (PlanBook book, ConsumerPlan plan) = Open(limit);
        Reserve(book, plan, Amounts(10, 10), out PlanClaim claim);
        book.Settle(ref claim, Amounts(10, 240));
        book.Dispose();

        (book, plan) = Open(limit);
        Assert.Equal((250, 150), (Used(book, plan), Used(book, plan, NowMs + HourMs)));
        Reserve(book, plan, default, out _); // of the hour it is in
        book.Dispose();
        ForgetBoot();
        (book, plan) = Open(limit);
        Assert.Equal((150, 50), (Used(book, plan, NowMs + HourMs), Used(book, plan, NowMs + (2 * HourMs))));
    }

    // Else a month of looking on would have its consumer refused for as many months as it was over.
    [Theory]
    [InlineData(1_000, true)]
    [InlineData(1_000, false)]
    [InlineData(100, true)]
    public void WhatAnEarlierLimitLetPass_IsNoDebtOfThisOne(long max, bool isReportOnly)
    {
        PlanLimitSettings limit = Limit(PlanCount.Tokens, PlanPeriod.Day, max) with { IsReportOnly = isReportOnly };
        (PlanBook book, ConsumerPlan plan) = Open(limit);
        for (int i = 0; i < 9; i++)
        {
            Reserve(book, plan, Amounts(0, 90), out PlanClaim claim);
            book.Settle(ref claim, Amounts(0, 100));
        }

        plan = Prepare(book, out _, Limit(PlanCount.Tokens, PlanPeriod.Day, 100))!;

        Assert.Equal(900, Used(book, plan));
        Assert.True(Reserve(book, plan, Amounts(0, 1), out _).IsRefused);
        Assert.Equal(0, Used(book, plan, NowMs + DayMs));
    }

    [Fact]
    public void ReportOnly_EachPeriodBeginsWithNothing()
    {
        (PlanBook book, ConsumerPlan plan) =
            Open(Limit(PlanCount.Tokens, PlanPeriod.Minute, 10) with { IsReportOnly = true });
        Reserve(book, plan, Amounts(0, 25), out PlanClaim claim);
        book.Settle(ref claim, Amounts(0, 95));

        Assert.Null(Reserve(book, plan, Amounts(0, 5), out _, unixMs: NowMs + MinuteMs).Limit);
        Assert.Equal(5, Used(book, plan, NowMs + MinuteMs));
    }

    // The seconds that a clock is corrected by must not cost a limit, nor give one back.
    [Fact]
    public void Clock_SetBackOverTheEndOfAPeriod_AndOnAgain_GivesNothingBack()
    {
        const long Next = NowMs + HourMs;
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Requests, PlanPeriod.Hour, 2));
        Reserve(book, plan, default, out _, unixMs: Next);
        Assert.False(Reserve(book, plan, default, out _, unixMs: Next - 1_000).IsRefused);

        Assert.True(Reserve(book, plan, default, out _, unixMs: Next - 1).IsRefused);
        Assert.True(Reserve(book, plan, default, out _, unixMs: Next + 1).IsRefused);
        Assert.False(Reserve(book, plan, default, out _, unixMs: Next + HourMs).IsRefused);
    }

    // The period it was taken in is the one that runs by then, whatever the clock says.
    [Theory]
    [InlineData(1_000)]
    [InlineData(HourMs)]
    public void Clock_SetBackOverTheEndOfAPeriod_WhatIsNotUsedIsGivenBackAllTheSame(long backMs)
    {
        const long Next = NowMs - (NowMs % DayMs) + DayMs;
        (PlanBook book, ConsumerPlan plan) = Open(
            Limit(PlanCount.Tokens, PlanPeriod.Day, 100), Limit(PlanCount.Tokens, PlanPeriod.Month, 1_000));
        Reserve(book, plan, Amounts(0, 10), out _, unixMs: Next);

        for (int i = 0; i < 5; i++)
        {
            Assert.False(Reserve(book, plan, Amounts(0, 80), out PlanClaim claim, unixMs: Next - backMs).IsRefused);
            book.Settle(ref claim, Amounts(0, 1));
        }

        Assert.Equal((15, 15), (Used(book, plan, Next), Used(book, plan, Next, limit: 1)));
    }

    // Else it were owed again once a larger limit, that refuses nothing of it, is made small again.
    [Fact]
    public void ADebt_ThatOthersGiveBack_IsPaid()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 100));
        Reserve(book, plan, Amounts(0, 60), out PlanClaim first);
        Reserve(book, plan, Amounts(0, 40), out PlanClaim second);
        book.Settle(ref first, Amounts(0, 110));
        book.Settle(ref second, default);
        Assert.Equal(110, Used(book, plan));
        Assert.Equal(10, plan.Limits[0].Counter.Debt);
        plan = Prepare(book, out _, Limit(PlanCount.Tokens, PlanPeriod.Day, 1_000))!;
        Reserve(book, plan, Amounts(0, 300), out PlanClaim third);
        book.Settle(ref third, Amounts(0, 290));

        plan = Prepare(book, out _, Limit(PlanCount.Tokens, PlanPeriod.Day, 100))!;

        Assert.Equal(0, Used(book, plan, NowMs + DayMs));
    }

    // A save is ahead of what is used, and not of what is owed.
    [Fact]
    public void ADebt_WithinWhatASaveIsAheadBy_ReachesTheDisk()
    {
        string saves = Path.Combine(_folder.FullName, "plans.saved");
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 6_400));
        Reserve(book, plan, Amounts(0, 6_400), out PlanClaim claim);
        Assert.True(SpinWait.SpinUntil(() => plan.Limits[0].Counter.Saved.Used > 6_400, TimeSpan.FromSeconds(30)));

        book.Settle(ref claim, Amounts(0, 6_450));

        Assert.True(SpinWait.SpinUntil(
            () => PlanSaves.Read(saves, out _)!.Single().Debt == 50, TimeSpan.FromSeconds(30)), "it was not saved");
    }

    // A provider may say anything; a sum that wraps would be no limit.
    [Fact]
    public void Settle_MoreThanNumbersHold_IsALimitStill()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Month, 100));
        Reserve(book, plan, default, out _);
        for (int i = 0; i < 3; i++)
        {
            var claim = new PlanClaim { Plan = plan, Limits = 1, TakenMs = NowMs };
            book.Settle(ref claim, Amounts(0, long.MaxValue / 2));
            Assert.Equal(PlanLimits.UsedMax, Used(book, plan));
        }

        Assert.True(Reserve(book, plan, Amounts(0, 1), out _).IsRefused);
    }

    [Fact]
    public void Settle_InTheNextPeriod_GivesNothingBackThere()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Minute, 100));
        Reserve(book, plan, Amounts(0, 90), out PlanClaim early);
        Reserve(book, plan, Amounts(0, 50), out PlanClaim late, unixMs: NowMs + MinuteMs);

        book.Settle(ref early, Amounts(0, 5));

        Assert.Equal(50, Used(book, plan, NowMs + MinuteMs));
        book.Settle(ref late, Amounts(0, 7));
        Assert.Equal(7, Used(book, plan, NowMs + MinuteMs));
    }

    [Fact]
    public void Clock_SetBack_GivesNothingBack()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Requests, PlanPeriod.Hour, 5));
        Reserve(book, plan, default, out _);

        Assert.Equal(1, Used(book, plan, NowMs - DayMs));
        Assert.Equal(1, Used(book, plan, NowMs - DayMs + 1));
    }

    [Fact]
    public void Concurrency_CountsCallsUnderWay_AndRequestsStayCounted()
    {
        (PlanBook book, ConsumerPlan plan) = Open(
            Limit(PlanCount.Concurrency, PlanPeriod.None, 1), Limit(PlanCount.Requests, PlanPeriod.Day, 4));

        for (int i = 0; i < 3; i++)
        {
            Assert.False(Reserve(book, plan, Amounts(1, 1), out PlanClaim claim).IsRefused);
            PlanDecision busy = Reserve(book, plan, Amounts(1, 1), out _);
            Assert.Equal("concurrency", busy.IsRefused ? busy.Limit!.Text : "");
            book.Settle(ref claim, Amounts(1, 1));
        }

        Reserve(book, plan, default, out PlanClaim last);
        book.Settle(ref last, default);
        Assert.Equal("requests per day", Reserve(book, plan, default, out _).Limit!.Text);
    }

    [Fact]
    public void Models_ALimitIsAboutThoseItNames()
    {
        PlanLimitSettings limit = Limit(PlanCount.Requests, PlanPeriod.Day, 1) with { Models = new(["big*"]) };
        (PlanBook book, ConsumerPlan plan) = Open(limit);

        Assert.False(book.Reserve(plan, "big-1"u8, default, NowMs, out _).IsRefused);
        Assert.True(book.Reserve(plan, "big-2"u8, default, NowMs, out _).IsRefused);
        Assert.False(book.Reserve(plan, "small"u8, default, NowMs, out _).IsRefused);
    }

    [Fact]
    public void ReportOnly_CountsAndRefusesNothing()
    {
        (PlanBook book, ConsumerPlan plan) =
            Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 10) with { IsReportOnly = true });

        PlanDecision decision = Reserve(book, plan, Amounts(0, 25), out PlanClaim claim);
        book.Settle(ref claim, Amounts(0, 25));

        Assert.Equal((false, 25), (decision.IsRefused, Used(book, plan)));
        Assert.Equal((1, 0), (plan.Tally.Reported, plan.Tally.Refused));
        Assert.NotNull(decision.Limit);
    }

    [Fact]
    public void Refusal_ThatWaitingDoesNotHelp_ComesBeforeOthers()
    {
        (PlanBook book, ConsumerPlan plan) = Open(
            Limit(PlanCount.Requests, PlanPeriod.Month, 1), Limit(PlanCount.Tokens, PlanPeriod.Minute, 10));
        Reserve(book, plan, Amounts(1, 1), out _);

        PlanDecision decision = Reserve(book, plan, Amounts(0, 11), out _);

        Assert.Equal(("tokens per minute", 0), (decision.Limit!.Text, decision.RetryMs));
    }

    [Fact]
    public async Task Loops_ThatReserveAtOnce_NeverPassTheLimit()
    {
        const int Max = 1_000;
        (PlanBook book, ConsumerPlan plan) = Open(
            Limit(PlanCount.OutputTokens, PlanPeriod.Day, Max), Limit(PlanCount.Concurrency, PlanPeriod.None, 5));
        long spent = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(loop => Task.Run(() =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                if (!Reserve(book, plan, Amounts(0, 10), out PlanClaim claim).IsRefused)
                {
                    Assert.InRange(Used(book, plan), 1, Max);
                    Assert.InRange(Used(book, plan, limit: 1), 1, 5);
                    long actual = (i + loop) % 11;
                    System.Threading.Interlocked.Add(ref spent, actual);
                    book.Settle(ref claim, Amounts(0, actual));
                }
            }
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(spent, Used(book, plan));
        Assert.InRange(spent, Max - 9, Max);
        Assert.Equal(0, Used(book, plan, limit: 1));
    }

    [Fact]
    public void ACall_Reserved_ToldOf_AndSettled_AllocatesNothing()
    {
        (PlanBook book, ConsumerPlan plan) = Open(
            Limit(PlanCount.Tokens, PlanPeriod.Month, 1_000_000),
            Limit(PlanCount.Requests, PlanPeriod.Month, 1_000_000),
            Limit(PlanCount.Concurrency, PlanPeriod.None, 10));
        var edits = new HeaderEdits();

        Allocations.AssertNone(() =>
        {
            Reserve(book, plan, Amounts(20, 40), out PlanClaim claim);
            PlanFields.Write(edits, book, plan, "m"u8, Dialect.Anthropic, NowMs);
            book.Settle(ref claim, Amounts(18, 3));
            edits.Reset();
        });
    }

    [Fact]
    public void Counts_OutliveAProcess_AndTheMachine()
    {
        PlanLimitSettings limit = Limit(PlanCount.Tokens, PlanPeriod.Month, 100_000);
        (PlanBook first, ConsumerPlan plan) = Open(limit);
        Reserve(first, plan, Amounts(0, 777), out _); // never settled: the process ends first
        first.Dispose();

        (PlanBook second, plan) = Open(limit);
        Assert.Equal(777, Used(second, plan));
        Reserve(second, plan, Amounts(0, 1), out _);
        second.Dispose();

        ForgetBoot();
        (PlanBook third, plan) = Open(limit);
        Assert.Equal(778, Used(third, plan));
    }

    [Fact]
    public void Saves_BeforeAPowerCut_AreAheadByAShareOfTheLimit()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 6_400));
        Reserve(book, plan, Amounts(0, 100), out _);
        var kept = new List<SavedCount>();

        book.CopyKept(kept, isExact: false);

        Assert.Equal(("alice tokens day ", 100 + 100 + 1), (kept[0].Identity, kept[0].Used));
        book.CopyKept(kept, isExact: true);
        Assert.Equal(100, Assert.Single(kept).Used);
    }

    [Fact]
    public void Reload_OtherLimits_GoOnCountingWhatBothCount()
    {
        (PlanBook book, ConsumerPlan plan) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 100));
        Reserve(book, plan, Amounts(0, 60), out PlanClaim claim);

        ConsumerPlan next = Prepare(book, out string problem,
            Limit(PlanCount.Requests, PlanPeriod.Day, 9), Limit(PlanCount.Tokens, PlanPeriod.Day, 50))!;
        Assert.Equal("", problem);

        Assert.Equal(60, Used(book, next, limit: 1));
        Assert.True(Reserve(book, next, Amounts(0, 1), out _).IsRefused);
        book.Settle(ref claim, Amounts(0, 10));
        Assert.Equal(10, Used(book, next, limit: 1));
        book.Dispose();
        (PlanBook later, next) = Open(Limit(PlanCount.Tokens, PlanPeriod.Day, 50));
        Assert.Equal(10, Used(later, next));
    }

    [Fact]
    public void Files_ThatCannotBeKnown_AreAProblem()
    {
        PlanLimitSettings limit = Limit(PlanCount.Tokens, PlanPeriod.Day, 100);
        (PlanBook book, ConsumerPlan plan) = Open(limit);
        Reserve(book, plan, Amounts(0, 60), out _);

        var other = new PlanBook(TimeProvider.System, Assert.Fail);
        Assert.Null(Prepare(other, out string inUse, limit));
        Assert.Contains("cannot be read", inUse, StringComparison.Ordinal);
        other.Dispose();
        book.Dispose();
        string saves = Path.Combine(_folder.FullName, "plans.saved");
        File.WriteAllText(saves, File.ReadAllText(saves).Replace(" 60 ", " 10 ", StringComparison.Ordinal));
        using var third = new PlanBook(TimeProvider.System, Assert.Fail);
        Assert.Null(Prepare(third, out string damaged, limit));
        Assert.Contains("plans.saved: is damaged", damaged, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_ThatFailed_IsTriedAgainWithoutTraffic()
    {
        string saves = Path.Combine(_folder.FullName, "plans.saved");
        Directory.CreateDirectory(saves + ".new");
        using var failed = new ManualResetEventSlim();
        using var book = new PlanBook(TimeProvider.System, _ => failed.Set());
        ConsumerPlan plan = Prepare(book, out _, Limit(PlanCount.Tokens, PlanPeriod.Day, 100))!;
        Reserve(book, plan, Amounts(0, 60), out _);
        Assert.True(failed.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), "the save did not fail");

        Directory.Delete(saves + ".new");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(saves), TimeSpan.FromSeconds(30)), "it was not tried again");
    }

    public void Dispose()
    {
        _books.ForEach(static book => book.Dispose());
        _folder.Delete(recursive: true);
    }

    private static PlanLimitSettings Limit(PlanCount count, PlanPeriod period, long max) => new(count, period, max);

    private static CallAmounts Amounts(long input, long output) => new(input, output, 0);

    private static PlanDecision Reserve(
        PlanBook book, ConsumerPlan plan, CallAmounts amounts, out PlanClaim claim, long unixMs = NowMs) =>
        book.Reserve(plan, "m"u8, amounts, unixMs, out claim);

    private static long Used(PlanBook book, ConsumerPlan plan, long unixMs = NowMs, int limit = 0) =>
        book.Read(plan.Limits[limit], unixMs).Used;

    // As of a machine that was started anew: what its memory held is gone.
    private void ForgetBoot()
    {
        string path = Path.Combine(_folder.FullName, "plans");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[16] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private (PlanBook Book, ConsumerPlan Plan) Open(params PlanLimitSettings[] limits)
    {
        var book = new PlanBook(TimeProvider.System, Assert.Fail);
        _books.Add(book);
        ConsumerPlan? plan = Prepare(book, out string problem, limits);
        Assert.Equal("", problem);
        return (book, plan!);
    }

    private ConsumerPlan? Prepare(PlanBook book, out string problem, params PlanLimitSettings[] limits)
    {
        var settings = new AiSettings
        {
            Plans = new([new PlanSettings { Name = "basic", Limits = new Sequence<PlanLimitSettings>(limits) }]),
            ConsumerPlans = new([new ConsumerPlanSettings("alice", "basic")]),
        };
        Dictionary<string, ConsumerPlan>? plans = book.Prepare(settings, _folder.FullName, out problem);
        book.Commit(plans?.Values ?? Enumerable.Empty<ConsumerPlan>());
        return plans?["alice"];
    }
}
