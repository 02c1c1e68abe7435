using System;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A server that accepts, and then fails each request in one way.</summary>
internal static class FailingServer
{
    /// <summary>Settings of a service by which who does not answer, or does not go on, is waited for briefly.</summary>
    public static string Limits(string way, string limit)
    {
        bool isSilent = way.StartsWith("hangs", StringComparison.Ordinal) && way != "hangs within the body";
        bool isStuck = way is "hangs within the body" or "503 and hangs";
        return $"""
            response_timeout = "{(isSilent ? limit : "1m")}"
            response_idle_timeout = "{(isStuck ? limit : "1m")}"
            """;
    }

    /// <summary>
    /// "reset", "closed", "hangs", "hangs within the head", "503 and hangs", "hangs within the body", "gone within the
    /// body", "wrong chunks", "not http", or a status to answer with.
    /// </summary>
    public static RawServer Start(string way)
    {
        RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                switch (way)
                {
                    case "reset":
                        connection.Wire.Reset();
                        return;
                    case "closed":
                        return;
                    case "hangs":
                        await connection.ReadHeadAsync();
                        return;
                    case "hangs within the head":
                        await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-");
                        await connection.ReadHeadAsync();
                        return;
                    case "503 and hangs":
                        await connection.SendAsync("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n");
                        await connection.ReadHeadAsync();
                        return;
                    case "hangs within the body":
                        await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
                        await connection.ReadHeadAsync();
                        return;
                    case "gone within the body":
                        await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
                        return;
                    case "wrong chunks":
                        await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
                        return;
                    case "not http":
                        await connection.SendAsync("220 mail.test ESMTP\r\n\r\n");
                        return;
                    default:
                        await connection.AnswerAsync("sick", status: $"{way} Sick");
                        break;
                }
            }
        });
        server.ToleratesFaults = true;
        return server;
    }
}
