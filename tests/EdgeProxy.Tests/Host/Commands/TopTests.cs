using System;
using System.IO;
using EdgeProxy.Host.Commands;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

/// <summary>top: from two answers of /metrics to a table.</summary>
public sealed class TopTests
{
    private const string Before = """
        # TYPE http_server_request_duration_seconds histogram
        http_server_request_duration_seconds_bucket{http_route="a\"b",http_request_method="GET",le="0.1"} 10
        http_server_request_duration_seconds_bucket{http_route="a\"b",http_request_method="GET",le="0.2"} 10
        http_server_request_duration_seconds_bucket{http_route="a\"b",http_request_method="GET",le="+Inf"} 10
        http_server_request_duration_seconds_count{http_route="a\"b",http_request_method="GET"} 10
        edgeproxy_connections_open 3
        process_resident_memory_bytes 1048576

        """;

    private const string Tries = "http_client_request_duration_seconds_count";

    private const string Now = $$"""
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="2xx",le="0.1"} 20
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="2xx",le="0.2"} 29
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="2xx",le="+Inf"} 29
        http_server_request_duration_seconds_count{http_route="a\"b",edgeproxy_status_class="2xx"} 29
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="5xx",le="0.1"} 0
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="5xx",le="0.2"} 0
        http_server_request_duration_seconds_bucket{http_route="a\"b",edgeproxy_status_class="5xx",le="+Inf"} 1
        http_server_request_duration_seconds_count{http_route="a\"b",edgeproxy_status_class="5xx"} 1
        http_server_request_duration_seconds_count{http_route="quiet"} 0
        {{Tries}}{edgeproxy_service="app",server_address="::1",server_port="80"} 4
        {{Tries}}{edgeproxy_service="app",error_type="x",server_address="h",server_port="8"} 2
        edgeproxy_server_up{service="app",server="h:8"} 0
        edgeproxy_server_up{service="app",server="[::1]:80"} 1
        edgeproxy_connections_open 5
        edgeproxy_exchanges_in_flight 2
        process_resident_memory_bytes 15728640
        nonsense

        """;

    [Fact]
    public void Table_SaysWhatHappenedBetween()
    {
        var output = new StringWriter();

        TopTable.Write(output, TopReading.Parse(Before), TopReading.Parse(Now), 2,
            new DateTimeOffset(2026, 9, 1, 12, 0, 1, TimeSpan.Zero), rows: 10);

        Assert.Equal(
            """
            edgeproxy  12:00:01Z  connections 5  in flight 2  memory 15.0 MiB

            ROUTER  REQ/S  ERR/S  ERR %  P50 ms  P95 ms  P99 ms
            a"b      10.0    0.5   5.00   100.0   200.0   200.0
            quiet     0.0    0.0      -       -       -       -

            SERVICE  REQ/S  ERR/S  ERR %  P50 ms  P95 ms  P99 ms
            app        3.0    1.0  33.33       -       -       -

            SERVER          REQ/S  ERR/S   ERR %  P50 ms  P95 ms  P99 ms
            app [::1]:80      2.0    0.0    0.00       -       -       -
            app h:8 (down)    1.0    1.0  100.00       -       -       -

            """,
            output.ToString());
    }

    [Fact]
    public void Table_IsBounded()
    {
        var output = new StringWriter();

        TopTable.Write(output, new TopReading(), TopReading.Parse(Now), 2, DateTimeOffset.UnixEpoch, rows: 1);

        Assert.Contains("(1 more)", output.ToString());
        Assert.DoesNotContain("quiet", output.ToString());
    }

    [Fact]
    public void ProxyStartedAgain_CountsFromZero()
    {
        var output = new StringWriter();

        TopTable.Write(output, TopReading.Parse(Now), TopReading.Parse(Before), 10, DateTimeOffset.UnixEpoch, rows: 9);

        Assert.Contains("a\"b       1.0    0.0", output.ToString());
    }
}
