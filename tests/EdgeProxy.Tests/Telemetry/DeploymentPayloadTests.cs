using System;
using System.Linq;
using System.Text;
using EdgeProxy.Telemetry.Deployments;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class DeploymentPayloadTests
{
    private static readonly DateTimeOffset s_now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Own_EveryMember()
    {
        Deployment? deployment = Read("""
            {"service":"orders","version":"1.4.2","commit":"abc","environment":"prod","url":"https://ci/1",
            "status":"failed","time":"2026-08-31T10:00:00Z","more":1}
            """);

        Assert.Equal(
            new Deployment
            {
                Service = "orders",
                Version = "1.4.2",
                Revision = "abc",
                Environment = "prod",
                Url = "https://ci/1",
                Status = "failed",
                Source = "api",
                At = new DateTimeOffset(2026, 8, 31, 10, 0, 0, TimeSpan.Zero),
            },
            deployment);
    }

    [Fact]
    public void GitHub_GitLab_CdEvents()
    {
        Deployment github = Read("""
            {"action":"created","deployment_status":{"state":"success","target_url":"https://gh/run",
            "environment":"production","updated_at":"2026-09-01T10:00:00Z"},
            "deployment":{"sha":"0123abcd","ref":"v2"},"repository":{"name":"shop"}}
            """)!;
        Assert.Equal(("shop", "v2", "0123abcd", "production", "https://gh/run", "succeeded", "github"),
            (github.Service, github.Version, github.Revision, github.Environment, github.Url, github.Status,
            github.Source));
        Deployment gitlab = Read("""
            {"object_kind":"deployment","status":"failed","status_changed_at":"2026-09-01 10:00:00 +0200",
            "deployable_url":"https://gl/job","environment":"staging","short_sha":"279484c0","ref":"main",
            "project":{"name":"shop"}}
            """)!;
        Assert.Equal(("shop", "main", "279484c0", "staging", "failed", 8),
            (gitlab.Service, gitlab.Version, gitlab.Revision, gitlab.Environment, gitlab.Status,
            gitlab.At.ToUniversalTime().Hour));
        Deployment cd = Read("""
            {"context":{"type":"dev.cdevents.service.upgraded.0.2.0","source":"/ci","timestamp":"2026-09-01T10:00:00Z"},
            "subject":{"id":"orders","content":{"environment":{"id":"prod"},"artifactId":"pkg:oci/orders@1.5.0"}}}
            """)!;
        Assert.Equal(("orders", "1.5.0", "prod", "cdevents"), (cd.Service, cd.Version, cd.Environment, cd.Source));
    }

    [Theory]
    [InlineData("""{"deployment_status":{"state":"in_progress"},"repository":{"name":"a"}}""", "")]
    [InlineData("""{"object_kind":"deployment","status":"running"}""", "")]
    [InlineData("""{"context":{"type":"dev.cdevents.build.finished.0.1.0"}}""", "")]
    [InlineData("", "the body is not JSON")]
    [InlineData("[]", "the body is not a JSON object")]
    [InlineData("{}", "service is missing or too long")]
    [InlineData("""{"service":"a"}""", "version is missing or too long")]
    [InlineData("""{"service":1,"version":"2"}""", "service is missing or too long")]
    [InlineData("""{"service":"a","version":"b","status":"done"}""", "status is succeeded or failed")]
    [InlineData("""{"service":"a","version":"b","time":"yesterday"}""", "time is not as in 2026-09-01T12:00:00Z")]
    [InlineData("{\"service\":\"a\",\"version\":\"b\\u0007\"}", "version is missing or too long")]
    public void Other_IsAReason(string json, string expected)
    {
        Assert.Null(DeploymentPayload.Read(Encoding.UTF8.GetBytes(json), "", s_now, out string why));
        Assert.Equal(expected, why);
    }

    [Fact]
    public void List_KeepsTheLatest_AndEachOnce()
    {
        var list = new DeploymentList();
        int heard = 0;
        list.OnAdded = _ => heard++;
        for (int i = 0; i < 2 * DeploymentLimits.All; i++)
        {
            var deployment = new Deployment
            {
                Service = $"s{i % 50}",
                Version = $"{i}",
                Source = "api",
                At = s_now,
            };
            Assert.True(list.Add(deployment));
            Assert.False(list.Add(deployment));
        }

        Assert.Equal(2 * DeploymentLimits.All, heard);
        Assert.Equal(DeploymentLimits.All, list.All.Count);
        Assert.Equal($"{(2 * DeploymentLimits.All) - 1}", list.All[^1].Version);
        for (int i = 0; i < 30; i++)
        {
            list.Add(new Deployment { Service = "one", Version = $"{i}", Source = "api", At = s_now });
        }

        Assert.Equal(DeploymentLimits.PerService, list.All.Count(d => d.Service == "one"));
    }

    private static Deployment? Read(string json) =>
        DeploymentPayload.Read(Encoding.UTF8.GetBytes(json), "", s_now, out _);
}
