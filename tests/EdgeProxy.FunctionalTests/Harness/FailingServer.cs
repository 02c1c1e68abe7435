namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A server that accepts, and then fails each request in one way.</summary>
internal static class FailingServer
{
    /// <summary>
    /// "reset", "closed", "hangs", "hangs within the head", "503 and hangs", "not http", or a status to answer with.
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
