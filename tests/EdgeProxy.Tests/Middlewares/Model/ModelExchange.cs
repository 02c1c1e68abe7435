using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>A request as a client sends it, in plain strings; the path is canonical.</summary>
internal sealed record ModelRequest(
    string Method,
    string Host,
    string Path,
    string Query,
    (string Name, string Value)[] Fields,
    string Client,
    string? Body)
{
    /// <summary>Path, and the query behind its question mark if there is one.</summary>
    public string Target => TargetOf(Path, Query);

    public string Text => $"{Method} {Target} HTTP/1.1\r\nHost: {Host}\r\n"
        + string.Concat(Fields.Select(one => $"{one.Name}: {one.Value}\r\n"))
        + (Body is null ? "\r\n" : $"Content-Length: {Body.Length}\r\n\r\n{Body}");

    public static string TargetOf(string path, string query) => query.Length == 0 ? path : $"{path}?{query}";
}

/// <summary>An answer without its framing.</summary>
/// <param name="Body">Null if the model does not know it.</param>
internal sealed record ModelAnswer(int Status, string? Body, (string Name, string Value)[] Fields)
{
    /// <summary>One of the proxy's own.</summary>
    public static ModelAnswer Own(int status, string? body = null, string type = "text/plain; charset=utf-8")
    {
        List<(string, string)> fields = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")];
        if (status is not (204 or 304))
        {
            fields.Add(("Content-Type", type));
        }

        if (status == 503)
        {
            fields.Add(("Retry-After", "1"));
        }

        return new ModelAnswer(status, status == 204 ? "" : body, [.. fields]);
    }
}

/// <summary>
/// What happens to one request, by the letter of the reference: lists of fields on which each step does what it says.
/// </summary>
internal sealed class ModelExchange(ModelRequest request, string router)
{
    private readonly List<Action<List<(string Name, string Value)>>> _changes = [];
    private int _answerMax;
    private bool _refusesLonger;

    public ModelRequest Request { get; } = request;

    public string Router { get; } = router;

    public string Path { get; private set; } = request.Path;

    public string Query { get; set; } = request.Query;

    /// <summary>What the server gets of fields; it never hears a prefix from a client.</summary>
    public List<(string Name, string Value)> Fields { get; } =
        [.. request.Fields.Where(one => one.Name != "X-Forwarded-Prefix")];

    /// <summary>Who calls; null: nobody the configuration names.</summary>
    public string? Consumer { get; set; }

    /// <summary>The answer as it stands.</summary>
    public ModelAnswer Answer { get; set; } = ModelAnswer.Own(404);

    /// <summary>The answer is the server's.</summary>
    public bool IsServers { get; set; }

    /// <summary>The server's answer goes out in gzip, if it is that one in the end.</summary>
    public bool IsCoded { get; set; }

    /// <summary>The answer is read whole; of two limits the lower one is heard.</summary>
    public void WantWhole(int bytesMax, bool refusesLonger)
    {
        if (_answerMax == 0 || bytesMax < _answerMax)
        {
            (_answerMax, _refusesLonger) = (bytesMax, refusesLonger);
        }
    }

    /// <summary>Errors of which statuses a service is asked for a page, and what is said without one.</summary>
    public (int First, int Last, string Otherwise)? Pages { get; set; }

    /// <summary>A service was asked for a page.</summary>
    public bool IsPage { get; private set; }

    /// <summary>The page of an answer that is about to begin takes its place, if there is one.</summary>
    public bool TryAskPage(ModelAnswer answer, bool isServers)
    {
        if (Pages is not { } pages || answer.Status < pages.First || answer.Status > pages.Last)
        {
            return false;
        }

        if (isServers)
        {
            KeepFields(answer);
        }

        IsPage = true;
        IsServers = ModelServer.HasPage(answer.Status);
        Answer = IsServers
            ? new ModelAnswer(answer.Status, ModelServer.Page, ModelServer.PageFields)
            : ModelAnswer.Own(answer.Status, pages.Otherwise);
        return true;
    }

    /// <summary>Of fields of the server's answer those stay that say what to do about its status.</summary>
    public void KeepFields(ModelAnswer answer)
    {
        foreach ((string name, string value) in answer.Fields)
        {
            switch (name)
            {
                case "Retry-After":
                    Change(fields => Set(fields, name, value));
                    break;
                case "WWW-Authenticate":
                    Change(fields => fields.Add((name, value)));
                    break;
            }
        }
    }

    /// <summary>The server's answer as far as it is taken.</summary>
    public ModelAnswer Taken(ModelAnswer answer)
    {
        IsServers = !_refusesLonger || Request.Method == "HEAD" || answer.Body!.Length <= _answerMax;
        return IsServers ? answer : ModelAnswer.Own(502);
    }

    public static void Remove(List<(string Name, string Value)> fields, string name) =>
        fields.RemoveAll(one => Fold(one.Name) == Fold(name));

    public static void Set(List<(string Name, string Value)> fields, string name, string value)
    {
        Remove(fields, name);
        fields.Add((name, value));
    }

    /// <summary>The first field of exactly this name; null if there is none.</summary>
    public string? Received(string name)
    {
        foreach ((string own, string value) in Request.Fields)
        {
            if (own.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The first field of exactly this name as it stands; null if there is none.</summary>
    public string? First(string name)
    {
        foreach ((string own, string value) in Fields)
        {
            if (own.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The answer to a path that is none, which changes nothing; null if it is one.</summary>
    public ModelAnswer? Rewrite(string path)
    {
        if (!path.StartsWith('/'))
        {
            return ModelAnswer.Own(400);
        }

        while (path.Contains("//", StringComparison.Ordinal))
        {
            path = path.Replace("//", "/", StringComparison.Ordinal);
        }

        Path = path;
        return null;
    }

    /// <summary>Changes the fields of the answer, whichever it will be.</summary>
    public void Change(Action<List<(string Name, string Value)>> change) => _changes.Add(change);

    public List<(string Name, string Value)> AnswerFields()
    {
        List<(string Name, string Value)> fields = [.. Answer.Fields];
        foreach (Action<List<(string Name, string Value)>> change in _changes)
        {
            change(fields);
        }

        if (IsCoded && IsServers)
        {
            Set(fields, "Content-Encoding", "gzip");
        }

        return fields;
    }

    // A server may take one for the other.
    private static string Fold(string name) => name.ToLowerInvariant().Replace('_', '-').Replace('.', '-');
}
