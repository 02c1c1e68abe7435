using System;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Tests.Services.Choosing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EdgeProxy.Tests.Services.Health;

public class FaultWatchTests
{
    private static readonly PassiveHealthSettings s_inARow = new() { ConsecutiveFaults = 3, FaultShareMax = 0 };

    private static readonly PassiveHealthSettings s_share = new()
    {
        ConsecutiveFaults = 0,
        FaultShareMax = 50,
        RequestsMin = 10,
    };

    private readonly ServerReports _reports = new(NullLogger.Instance);
    private readonly ServicePicks _picks = new(StrategyKind.RoundRobin, loops: 2, [1, 1, 1, 1]);

    [Fact]
    public void NoteFault_ThatManyInARowOverAllLoops_Ejects()
    {
        Use(s_inARow);

        Assert.False(Fault(0, loop: 0));
        Assert.False(Fault(0, loop: 1));
        Assert.True(Fault(0, loop: 0));

        Assert.True(Health(0).IsEjected(_picks.NowMs));
        Assert.DoesNotContain(0, new[] { _picks.Pick(), _picks.Pick(), _picks.Pick(), _picks.Pick() });
    }

    [Fact]
    public void NoteAnswer_GoodInBetween_StartsOver()
    {
        Use(s_inARow);
        Fault(0);
        Fault(0);
        Answer(0, 200);

        Assert.False(Fault(0));
        Assert.False(Fault(0));
        Assert.True(Fault(0));
    }

    [Fact]
    public void NoteCut_AnswersThatAllBreakOff_AreFaultsInARow()
    {
        Use(s_inARow);

        Assert.False(Cut(0));
        Assert.False(Cut(0));
        Assert.True(Cut(0));
    }

    [Fact]
    public void NoteCut_WholeAnswerInBetween_StartsOver()
    {
        Use(s_inARow);
        Cut(0);
        Cut(0);
        Whole(0);

        Assert.False(Cut(0));
        Assert.False(Cut(0));
        Assert.True(Fault(0));
    }

    [Fact]
    public void NoteCut_LongAnswerThatBeganAfterFaults_IsOneFaultIfOthersWereWholeSince()
    {
        Use(s_inARow);
        Fault(0);
        Fault(0);
        AnswerNote stream = Head(0);
        for (int i = 0; i < 5; i++)
        {
            Whole(0, loop: 1);
        }

        Assert.False(CutOff(0, stream));
        Assert.False(Fault(0));
        Assert.True(Fault(0));
    }

    [Fact]
    public void NoteCut_AnswersSideBySideThatAllBreakOff_AreFaultsInARow()
    {
        Use(s_inARow);
        AnswerNote first = Head(0);
        AnswerNote second = Head(0, loop: 1);
        Assert.False(CutOff(0, first));

        // Its head ends the row for as long as it goes on.
        AnswerNote third = Head(0);
        Assert.False(CutOff(0, second));
        Assert.True(CutOff(0, third));
    }

    [Fact]
    public void NoteCut_HoursAfterFaults_IsOneFaultThoughNoAnswerCameToItsEnd()
    {
        Use(s_inARow);
        Fault(0);
        Fault(0);
        for (int i = 0; i < 1_000; i++)
        {
            Head(0, loop: i % 2); // its client leaves: neither whole nor cut
            _picks.NowMs += 30_000;
        }

        Assert.False(CutOff(0, Head(0)));
        Assert.False(Fault(0));
        Assert.True(Fault(0));
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void NoteCut_OfAnAnswerThatBeganLongAfterTheRowEnded_BeginsAnew(int seconds, bool isThird)
    {
        Use(s_inARow with { EjectionTime = TimeSpan.FromSeconds(10) });
        Fault(0);
        Fault(0);
        Head(0);
        _picks.NowMs += seconds * 1_000L;

        Assert.Equal(isThird, CutOff(0, Head(0)));
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void NoteCut_LongStreamsOneAfterTheOther_AreFaultsInARowUpToTheLongestEjection(int seconds, bool isThird)
    {
        Use(s_inARow with { EjectionTimeMax = TimeSpan.FromSeconds(300) });
        for (int i = 0; i < 3; i++)
        {
            AnswerNote stream = Head(0);
            _picks.NowMs += seconds * 1_000L;
            Assert.Equal(isThird && i == 2, CutOff(0, stream));
        }
    }

    [Fact]
    public void NoteCut_RowThatAHeadEndsAnew_GoesOnFromThere()
    {
        Use(s_inARow with { EjectionTime = TimeSpan.FromSeconds(10) });
        Fault(0);
        Fault(0);
        Head(0);
        _picks.NowMs += 9_000;
        Fault(0);
        Head(0); // the longer of both rows
        _picks.NowMs += 9_000;

        Assert.True(CutOff(0, Head(0)));
    }

    [Fact]
    public void NoteCut_AfterAnEjection_StartsOver()
    {
        Use(s_inARow);
        Fault(0);
        Fault(0);
        AnswerNote stream = Head(0);
        Fault(0);
        Fault(0);
        Assert.True(Fault(0));
        _picks.NowMs = Health(0).EjectedUntilMs;

        Assert.False(CutOff(0, stream));
        Assert.False(Fault(0));
        Assert.True(Fault(0));
    }

    [Fact]
    public void NoteCut_StatusThatIsAFaultAlready_IsOneFault()
    {
        Use(s_inARow);

        Assert.False(Cut(0, 503));
        Assert.False(Cut(0, 503));
        Assert.True(Cut(0, 503));
    }

    [Fact]
    public void NoteCut_OfAShare_IsTheRequestThatWasCounted()
    {
        Use(s_share with { FaultShareMax = 60 });

        // Seven of twelve are less than 60 in a hundred, eight of thirteen are more.
        for (int i = 0; i < 5; i++)
        {
            Answer(0, 200);
        }

        for (int i = 0; i < 7; i++)
        {
            Assert.False(Cut(0));
        }

        Assert.Equal((12, 7), _picks.Load(0).Counted(_picks.NowMs / _picks.Service.WindowMs));
        Assert.True(Cut(0));
    }

    [Theory]
    [InlineData(200, 0, false)]
    [InlineData(500, 0, false)]
    [InlineData(502, 0, true)]
    [InlineData(504, 0, true)]
    [InlineData(200, 101, true)]
    [InlineData(200, 100, false)]
    public void NoteAnswer_StatusAndTime_AreFaultsOrNot(int status, long elapsedMs, bool isFault)
    {
        Use(s_inARow with { LatencyMax = TimeSpan.FromMilliseconds(100), ConsecutiveFaults = 1 });

        Assert.Equal(isFault, Answer(0, status, elapsedMs));
    }

    [Fact]
    public void NoteFault_ShareOfAWindowOverAllLoops_Ejects()
    {
        Use(s_share);
        for (int i = 0; i < 5; i++)
        {
            Answer(0, 200, loop: i % 2);
            Assert.False(Fault(0, loop: i % 2)); // half are faults: not more than half
        }

        Assert.True(Fault(0));
    }

    [Fact]
    public void NoteFault_FewRequests_SayNothing()
    {
        Use(s_share);
        for (int i = 0; i < 9; i++)
        {
            Assert.False(Fault(0));
        }

        // Nor do those of the window before.
        _picks.NowMs += (long)s_share.Window.TotalMilliseconds;
        Assert.False(Fault(0));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 2)]
    [InlineData(70, 2)]
    [InlineData(100, 4)]
    public void NoteFault_ShareOfServers_IsNotExceeded(int share, int ejected)
    {
        Use(s_inARow with { EjectedShareMax = share });
        int count = 0;
        for (int place = 0; place < 4; place++)
        {
            for (int i = 0; i < 3; i++)
            {
                count += Fault(place) ? 1 : 0;
            }
        }

        Assert.Equal(ejected, count);
    }

    [Fact]
    public void NoteFault_NotWatched_DoesNothing()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.False(Fault(0));
        }
    }

    [Fact]
    public void Apply_ServersThatStay_StayEjectedAndProbed()
    {
        Use(s_inARow);
        Fault(0);
        Fault(0);
        Fault(0);
        Health(1).Start(InitialHealth.Down);

        // Watched and probed as before, and otherwise changed.
        _picks.Apply(_picks.Settings with { HealthCheck = new HealthCheckSettings(), IdleConnectionsMax = 1 });

        Assert.True(Health(0).IsEjected(_picks.NowMs));
        Assert.Equal(ProbedState.Down, Health(1).State);

        // What is watched no longer is not held against it.
        _picks.Apply(_picks.Settings with { PassiveHealth = null, HealthCheck = null });
        Assert.False(Health(0).IsEjected(_picks.NowMs));
        Assert.Equal(ProbedState.Up, Health(1).State);
    }

    [Fact]
    public void NoteAnswer_Good_AllocatesNothing()
    {
        Use(s_share);

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                Answer(i % 4, 200);
            }
        });
    }

    private void Use(PassiveHealthSettings settings) => _picks.Apply(_picks.Settings with { PassiveHealth = settings });

    private ServerHealth Health(int place) => _picks.Service.Servers[place].Health;

    private bool Fault(int place, int loop = 0) => FaultWatch.NoteFault(
        _picks.Service, _picks.Service.Servers[place], _picks.Load(place, loop), "test", _picks.NowMs, _reports);

    private bool Answer(int place, int status, long elapsedMs = 0, int loop = 0) => FaultWatch.NoteAnswer(
        _picks.Service, _picks.Service.Servers[place], _picks.Load(place, loop), status, elapsedMs, _picks.NowMs,
        _reports, out _);

    private AnswerNote Head(int place, int status = 200, int loop = 0)
    {
        FaultWatch.NoteAnswer(_picks.Service, _picks.Service.Servers[place], _picks.Load(place, loop), status, 0,
            _picks.NowMs, _reports, out AnswerNote note);
        return note;
    }

    private void Whole(int place, int loop = 0) =>
        FaultWatch.NoteWhole(_picks.Service.Servers[place], Head(place, 200, loop));

    private bool CutOff(int place, in AnswerNote note) => FaultWatch.NoteCut(
        _picks.Service, _picks.Service.Servers[place], _picks.Load(place), note, "test", _picks.NowMs, _reports);

    // Its head came, with this status, and then not all of its body.
    private bool Cut(int place, int status = 200) =>
        FaultWatch.NoteAnswer(_picks.Service, _picks.Service.Servers[place], _picks.Load(place), status, 0,
            _picks.NowMs, _reports, out AnswerNote note)
            | CutOff(place, note);
}
