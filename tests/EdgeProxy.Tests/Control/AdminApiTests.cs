using System.Collections.Generic;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Halting;
using Xunit;

namespace EdgeProxy.Tests.Control;

public sealed class AdminApiTests
{
    private string? _notReady;
    private int _reloads;
    private ReloadOutcome _outcome = new() { Hash = "abcd", Changes = "services +1 -0 ~0" };
    private readonly List<string> _halted = [];
    private readonly List<string> _actions = [];
    private HaltSet _halts = HaltSet.None;
    private AuditReport? _audit;
    private IPEndPoint? _address = new(IPAddress.Loopback, 7171);

    [Theory]
    [InlineData("/livez", "ok\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Answer_Health_Is200(string path, string body)
    {
        LocalAnswer answer = await AskAsync("GET", path);

        Assert.Equal(200, answer.Status);
        Assert.Equal(body, Text(answer));
    }

    [Fact]
    public async Task Answer_NotReady_Is503WithTheReasonAndStillAlive()
    {
        _notReady = "draining";

        LocalAnswer ready = await AskAsync("GET", "/readyz");

        Assert.Equal((503, "draining\n"), (ready.Status, Text(ready)));
        Assert.Equal(200, (await AskAsync("GET", "/livez")).Status);
    }

    [Fact]
    public async Task Answer_Metrics_IsPrometheusText()
    {
        LocalAnswer answer = await AskAsync("GET", "/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.ContentType);
        Assert.Equal("# HELP up Whether.\n# TYPE up gauge\nup 1\n", Text(answer));
    }

    [Fact]
    public async Task Answer_Services_IsTheirServersAndHealth()
    {
        LocalAnswer answer = await AskAsync("GET", "/api/v1/services");

        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        Assert.Equal(
            "[{'name':'app','strategy':'p2c','waiting':4,'servers':[{'name':'a:80','address':'10.0.0.1:80','weight':2,"
                + "'priority':0,'state':'ejected','share_percent':100,'last_probe':'status 200','ejected_ms':70,'in_flight':3}]}]",
            Text(answer).Replace('"', '\''));
    }

    [Fact]
    public async Task Answer_Index_ListsEveryPath()
    {
        string text = Text(await AskAsync("GET", "/"));

        Assert.All(["/livez", "/readyz", "/metrics", "/api/v1/services", "/api/v1/reload"], path => Assert.Contains(path, text));
    }

    [Fact]
    public async Task Answer_UnknownPath_Is404() => Assert.Equal(404, (await AskAsync("GET", "/admin")).Status);

    [Theory]
    [InlineData("POST", "/livez", "GET, HEAD")]
    [InlineData("DELETE", "/metrics", "GET, HEAD")]
    [InlineData("GET", "/api/v1/reload", "POST")]
    [InlineData("HEAD", "/api/v1/reload", "POST")]
    [InlineData("get", "/livez", "GET, HEAD")]
    public async Task Answer_WrongMethod_Is405WithAllow(string method, string path, string allow)
    {
        LocalAnswer answer = await AskAsync(method, path);

        Assert.Equal((405, allow), (answer.Status, answer.Allow));
        Assert.Equal(0, _reloads);
    }

    [Fact]
    public async Task Answer_Reload_RunsItAndSaysTheOutcome()
    {
        LocalAnswer answer = await AskAsync("POST", "/api/v1/reload");

        Assert.Equal((200, 1), (answer.Status, _reloads));
        Assert.Equal("""{"ok":true,"hash":"abcd","changes":"services +1 -0 ~0","faults":[]}""", Text(answer));
    }

    [Fact]
    public async Task Answer_ReloadOfAFaultyFile_Is422WithEveryFault()
    {
        var wrong = new ConfigFault("a.toml", 3, 7, "x.y", "is not \"z\"");
        _outcome = new ReloadOutcome { Hash = "abcd", Faults = [wrong] };

        LocalAnswer answer = await AskAsync("POST", "/api/v1/reload");

        Assert.Equal(422, answer.Status);
        using JsonDocument json = JsonDocument.Parse(answer.Body);
        JsonElement fault = json.RootElement.GetProperty("faults")[0];
        Assert.Equal(("a.toml", 3, 7), (
            fault.GetProperty("file").GetString(), fault.GetProperty("line").GetInt32(),
            fault.GetProperty("column").GetInt32()));
        Assert.Equal("is not \"z\"", fault.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Answer_ReloadThatTheEngineRefused_Is500()
    {
        _outcome = new ReloadOutcome { Hash = "abcd", Reason = "address in use" };

        LocalAnswer answer = await AskAsync("POST", "/api/v1/reload");

        Assert.Equal(500, answer.Status);
        Assert.Contains("\"reason\":\"address in use\"", Text(answer));
    }

    [Fact]
    public async Task Answer_Audit_IsTheChainsEnd()
    {
        Assert.Equal(404, (await AskAsync("GET", "/api/v1/audit")).Status);
        _audit = new AuditReport(
            new AuditSettings { Directory = "/a", Sync = AuditSync.Always },
            new AuditStatus(7, [1, 255], 2, IsStuck: true, 3, 4)
            {
                Records = 5,
                Bytes = 600,
                LastClosed = new ClosedSegment("x", 6, 100, 0, [2]),
            });

        Assert.Equal(
            "{'directory':'/a','fsync':'always','on_full':'block','stuck':true,'last_record':7,'hash':'01ff',"
                + "'segment':2,'signed_record':6,'signed_hash':'02','records':5,'bytes':600,'lost':3,'failures':4}",
            Text(await AskAsync("GET", "/api/v1/audit")).Replace('"', '\''));
    }

    [Fact]
    public async Task Answer_Halt_TakesWhatIsNamedByPostOnly()
    {
        foreach (string query in (string[])["all", "router=web", "consumer=alice", "model=gpt%2F4"])
        {
            Assert.Equal(200, (await AskAsync("POST", "/api/v1/halt?" + query)).Status);
        }

        Assert.Equal(200, (await AskAsync("POST", "/api/v1/release?router=web")).Status);
        Assert.Equal(
            ["halt all", "halt router web", "halt consumer alice", "halt model gpt/4", "release router web"], _halted);
        foreach (string query in (string[])["", "router", "router=", "service=a", "router=a%20b"])
        {
            Assert.Equal(400, (await AskAsync("POST", "/api/v1/halt?" + query)).Status);
        }

        Assert.Equal(405, (await AskAsync("GET", "/api/v1/halt?all")).Status);
        Assert.Equal(403, (await AskAsync("POST", "/api/v1/halt?all", hasOrigin: true)).Status);
        Assert.Equal(5, _halted.Count);
        _halts = new HaltSet([new HaltTarget(HaltKind.Router, "web")]);
        Assert.Equal("[{\"kind\":\"router\",\"name\":\"web\"}]", Text(await AskAsync("GET", "/api/v1/halts")));
    }

    [Fact]
    public async Task Answer_ReloadFromAWebPage_IsRefused()
    {
        LocalAnswer answer = await AskAsync("POST", "/api/v1/reload", hasOrigin: true);

        Assert.Equal((403, 0), (answer.Status, _reloads));
    }

    [Theory]
    [InlineData("localhost:7171")]
    [InlineData("LOCALHOST:7171")]
    [InlineData("127.0.0.1:7171")]
    [InlineData("[::1]:7171")]
    public async Task Answer_LocalHost_IsAllowed(string host) =>
        Assert.Equal(200, (await AskAsync("GET", "/livez", host)).Status);

    [Theory]
    [InlineData("attacker.example:7171")]
    [InlineData("localhost")]
    [InlineData("localhost:7172")]
    [InlineData("localhost:")]
    [InlineData("localhost:7171x")]
    [InlineData("localhost.attacker.example:7171")]
    [InlineData("[::1]")]
    [InlineData("::1:7171")]
    [InlineData("127.0.0.2:7171")]
    [InlineData("")]
    [InlineData(":7171")]
    public async Task Answer_ForeignHost_IsRefusedBeforeAnythingElse(string host)
    {
        Assert.Equal(403, (await AskAsync("GET", "/livez", host)).Status);
        Assert.Equal(403, (await AskAsync("POST", "/api/v1/reload", host)).Status);
        Assert.Equal(0, _reloads);
    }

    [Theory]
    [InlineData("127.0.0.2", 7171, "127.0.0.2:7171")]
    [InlineData("::1", 7171, "[::1]:7171")]
    [InlineData("127.0.0.1", 80, "localhost")]
    public async Task Answer_TheBoundAddress_IsAllowed(string address, int port, string host)
    {
        _address = new IPEndPoint(IPAddress.Parse(address), port);

        Assert.Equal(200, (await AskAsync("GET", "/livez", host)).Status);
    }

    [Theory]
    [InlineData("POST", "/api/v1/halt?all", "/api/v1/halt all 200 10.0.0.9")]
    [InlineData("POST", "/api/v1/halt?nonsense", "/api/v1/halt nonsense 400 10.0.0.9")]
    [InlineData("POST", "/api/v1/reload", "/api/v1/reload  200 10.0.0.9")]
    [InlineData("POST", "/api/v1/deployments", "/api/v1/deployments  422 10.0.0.9")]
    [InlineData("POST", "/api/v1/audit/erase?consumer=ann", "/api/v1/audit/erase consumer=ann 404 10.0.0.9")]
    [InlineData("GET", "/api/v1/halts", "")]
    [InlineData("POST", "/api/v1/tail?viewer=a", "")]
    public async Task Answer_Change_IsARecordOfWhoAskedAndWhatCame(string method, string path, string record)
    {
        await AskAsync(method, path);
        Assert.Equal(record, string.Join('|', _actions));
    }

    [Theory]
    [InlineData("2026-01-31", 404)]
    [InlineData("2026-01-31T12:00:00Z", 404)]
    [InlineData("2026-01-31T12:00:00.0000000%2B01:00", 404)]
    [InlineData("1/2/2026", 400)]
    [InlineData("12:00", 400)]
    [InlineData("", 400)]
    public async Task Answer_Erase_TakesATimeThatCanBeReadInOneWayOnly(string before, int status) =>
        Assert.Equal(status, (await AskAsync("POST", $"/api/v1/audit/erase?consumer=ann&before={before}")).Status);

    [Fact]
    public async Task Answer_RefusedAtTheDoor_IsNoAction()
    {
        await AskAsync("POST", "/api/v1/halt?all", "evil.test");
        Assert.Empty(_actions);
    }

    // Any page somebody looks at could ask that, again and again.
    [Theory]
    [InlineData("/api/v1/halt?all")]
    [InlineData("/api/v1/release?all")]
    [InlineData("/api/v1/reload")]
    [InlineData("/api/v1/plan")]
    [InlineData("/api/v1/rollback")]
    [InlineData("/api/v1/deployments")]
    [InlineData("/api/v1/audit/erase?consumer=ann")]
    public async Task Answer_ToAWebPage_IsARefusalAndNoAction(string path)
    {
        Assert.Equal(403, (await AskAsync("POST", path, hasOrigin: true)).Status);
        Assert.Empty(_actions);
        Assert.Empty(_halted);
    }

    [Theory]
    [InlineData("anonymous", 404)]
    [InlineData("anonymous&before=2026-01-31", 404)]
    [InlineData("anonymous=yes", 400)]
    [InlineData("anonymous&consumer=ann", 400)]
    [InlineData("consumer=ann&anonymous", 400)]
    [InlineData("consumer=", 400)]
    [InlineData("request=r-1", 404)]
    [InlineData("request=", 400)]
    [InlineData("request=r-1&request=r-2", 400)]
    [InlineData("request=r-1&consumer=ann", 400)]
    [InlineData("anonymous&request=r-1", 400)]
    [InlineData("request=r-1&before=2026-01-31", 400)]
    [InlineData("request=a%0ab", 400)]
    [InlineData("before=2026-01-31", 400)]
    public async Task Answer_Erase_TakesOneConsumerOrNone(string query, int status) =>
        Assert.Equal(status, (await AskAsync("POST", "/api/v1/audit/erase?" + query)).Status);

    private static string Text(LocalAnswer answer) => Encoding.UTF8.GetString(answer.Body.Span);

    private ValueTask<LocalAnswer> AskAsync(
        string method, string path, string host = "127.0.0.1:7171", bool hasOrigin = false)
    {
        var api = new AdminApi(new AdminParts
        {
            NotReady = () => _notReady,
            ReloadAsync = () =>
            {
                _reloads++;
                return ValueTask.FromResult(_outcome);
            },
            Address = () => _address,
            Services = () =>
            [
                new ServiceStatus(
                    "app", "p2c", 4, [new ServerStatus("a:80", "10.0.0.1:80", 2, "ejected", "status 200", 70, 3)]),
            ],
            Audit = () => _audit,
            RecordAsync = action =>
            {
                _actions.Add($"{action.Path} {action.What} {action.Status} {action.By}");
                return ValueTask.CompletedTask;
            },
            Halts = () => _halts,
            HaltAsync = (target, isHalt) =>
            {
                _halted.Add($"{(isHalt ? "halt" : "release")} {target}");
                return ValueTask.FromResult(new HaltOutcome(200, "well"));
            },
            CollectMetrics = samples => samples.Add(new MetricSample("up", "Whether.", MetricKind.Gauge, 1, [])),
        });
        string[] parts = path.Split('?');
        return api.AnswerAsync(new LocalRequest(method, parts[0], parts.Length > 1 ? parts[1] : "", host, hasOrigin)
        {
            Client = "10.0.0.9",
        });
    }
}
