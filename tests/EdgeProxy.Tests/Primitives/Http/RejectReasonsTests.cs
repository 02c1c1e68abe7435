using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class RejectReasonsTests
{
    [Fact]
    public void Table_HasOneRowPerReason_InOrder()
    {
        RejectReason[] reasons = Enum.GetValues<RejectReason>();

        Assert.Equal(reasons.Length, RejectReasons.Count);
        for (int i = 0; i < reasons.Length; i++)
        {
            Assert.Equal(reasons[i], RejectReasons.ReasonAt(i));
        }
    }

    [Fact]
    public void Table_EveryReason_HasStatusNameAndText()
    {
        var names = new HashSet<string>();
        foreach (RejectReason reason in Enum.GetValues<RejectReason>())
        {
            Assert.Contains(
                RejectReasons.StatusCode(reason), new[] { 400, 405, 413, 414, 417, 421, 431, 501, 502, 505 });
            Assert.NotEmpty(StatusLines.Phrase(RejectReasons.StatusCode(reason)).ToArray());
            Assert.Matches("^[A-Za-z][A-Za-z0-9 .:/-]+$", RejectReasons.Text(reason));
            Assert.True(names.Add(RejectReasons.Name(reason)), $"{reason} shares its name");
        }
    }

    [Fact]
    public void Name_EveryReason_IsTheMemberInSnakeCase()
    {
        foreach (RejectReason reason in Enum.GetValues<RejectReason>())
        {
            string snake = Regex.Replace(reason.ToString(), "(?<=.)([A-Z])", "_$1").ToLowerInvariant();
            Assert.Equal(snake, RejectReasons.Name(reason));
        }
    }

    [Theory]
    [InlineData(nameof(RejectReason.BareLineFeed), 400)]
    [InlineData(nameof(RejectReason.MethodTraceRefused), 405)]
    [InlineData(nameof(RejectReason.BodyTooLarge), 413)]
    [InlineData(nameof(RejectReason.TargetTooLong), 414)]
    [InlineData(nameof(RejectReason.ExpectationUnknown), 417)]
    [InlineData(nameof(RejectReason.HostMisdirected), 421)]
    [InlineData(nameof(RejectReason.HeadTooLarge), 431)]
    [InlineData(nameof(RejectReason.TransferCodingUnknown), 501)]
    [InlineData(nameof(RejectReason.VersionUnsupported), 505)]
    public void StatusCode_OfReason_IsTheOneItsRfcNames(string reason, int status) =>
        Assert.Equal(status, RejectReasons.StatusCode(Enum.Parse<RejectReason>(reason)));

    [Fact]
    public void Lookups_Warm_AllocateNothing()
    {
        int sum = RejectReasons.Name(RejectReason.HostInvalid).Length;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                var reason = (RejectReason)(i % RejectReasons.Count);
                sum += RejectReasons.StatusCode(reason) + RejectReasons.Name(reason).Length
                    + RejectReasons.Text(reason).Length;
            }
        });
        Assert.NotEqual(0, sum);
    }
}
