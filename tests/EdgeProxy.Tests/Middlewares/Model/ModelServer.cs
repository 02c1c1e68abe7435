using System;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>The server behind the engine, over memory: keeps the last request and answers as it is told.</summary>
internal sealed class ModelServer(Engine engine)
{
    /// <summary>Below it are the pages of errors, by their status.</summary>
    public const string PagePath = "/page/";

    /// <summary>As short as any body that is taken whole.</summary>
    public const string Page = "p";

    public static (string Name, string Value)[] PageFields { get; } =
        [("Content-Type", "text/page"), ("X-Page", "1")];

    /// <summary>Other pages are not there.</summary>
    public static bool HasPage(int status) => status is 401 or 404 or 503;

    /// <summary>The head of the request for a page since <see cref="Expect"/>; null if none came.</summary>
    public WireHead? PageHead { get; private set; }

    /// <summary>What it answers next.</summary>
    public ModelAnswer Answer { get; set; } = new(200, "", []);

    /// <summary>The last request's head; null since <see cref="Expect"/> if none came.</summary>
    public WireHead? Head { get; private set; }

    /// <summary>The last request's body.</summary>
    public string Body { get; private set; } = "";

    /// <summary>Forgets what came, and sees to it that there is a connection to take.</summary>
    public void Expect(ModelAnswer answer)
    {
        (Answer, Head, Body, PageHead) = (answer, null, "", null);
        while (engine.Pool.IdleCount < 2) // one for a page
        {
            (MemoryLink proxys, MemoryLink ours) = MemoryLink.Pair();
            ours.Owner = new Connection(this);
            engine.Idle(proxys);
        }
    }

    private ModelAnswer Take(WireHead head, string body)
    {
        string target = head.StartLine.Split(' ')[1];
        if (!target.StartsWith(PagePath, StringComparison.Ordinal))
        {
            (Head, Body) = (head, body);
            return Answer;
        }

        PageHead = head;
        return HasPage(int.Parse(target[PagePath.Length..], CultureInfo.InvariantCulture))
            ? new ModelAnswer(200, Page, PageFields)
            : new ModelAnswer(404, "none", [("X-Page", "none")]);
    }

    private sealed class Connection(ModelServer server) : ILinkOwner
    {
        private readonly byte[] _block = new byte[16 * 1024];
        private string _unread = "";

        public void OnLinkReady(ByteLink link)
        {
            LinkStatus status;
            while ((status = link.TryRead(_block, out int count)) == LinkStatus.Ok)
            {
                _unread += Encoding.Latin1.GetString(_block, 0, count);
            }

            int end = _unread.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            if (end >= 4)
            {
                WireHead head = WireHead.Parse(_unread[..end]);
                int whole = end + (int)(head.ContentLength ?? 0);
                if (_unread.Length >= whole)
                {
                    string body = _unread[end..whole];
                    _unread = _unread[whole..];
                    ModelAnswer answer = server.Take(head, body);
                    link.TryWrite(Encoding.Latin1.GetBytes(TextOf(answer, head)), default, default, out _);
                }
            }

            if (status != LinkStatus.WouldBlock)
            {
                link.Close();
            }
        }

        private static string TextOf(ModelAnswer answer, WireHead request) =>
            $"HTTP/1.1 {answer.Status} S\r\n"
            + string.Concat(answer.Fields.Select(field => $"{field.Name}: {field.Value}\r\n"))
            + (answer.Status == 204 ? "\r\n" : $"Content-Length: {answer.Body!.Length}\r\n\r\n")
            + (request.StartLine.StartsWith("HEAD ", StringComparison.Ordinal) ? "" : answer.Body);
    }
}
