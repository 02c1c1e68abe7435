using System.Collections.Concurrent;
using System.Threading;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// What one client under load asked for and got. Each of its requests has a target of its own, which the server says
/// back: so an answer is whole, and nobody else's.
/// </summary>
internal sealed class LoadTally(string name)
{
    private int _asked;
    private int _answered;
    private volatile bool _mayEnd;
    private volatile bool _heardOfTheEnd;
    private volatile string? _config;

    /// <summary>Answers that came whole.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>The configuration that the last answer was given under, as a field of it says.</summary>
    public string? Config => _config;

    /// <summary>Requests whose connection ended before a byte of an answer.</summary>
    public ConcurrentQueue<string> Unanswered { get; } = new();

    /// <summary>The proxy said that it goes, or ended the connection.</summary>
    public bool HeardOfTheEnd => _heardOfTheEnd;

    /// <summary>From now on connections may end; before, each end is a fault.</summary>
    public void LetEnd() => _mayEnd = true;

    /// <summary>Whether the next request is to have a body.</summary>
    public bool IsUpload => _asked % 3 == 0;

    public string NextTarget() => $"/{name}/{_asked++}";

    public void Take(string target, int status, string body, string? config)
    {
        Assert.Equal((200, target), (status, body.TrimEnd('.')));
        Assert.Equal(LoadAnswers.Length(target), body.Length);
        _config = config;
        Interlocked.Increment(ref _answered);
    }

    /// <summary>The connection ends, and this request with it, if there is one.</summary>
    public void TakeEnd(string? target = null)
    {
        Assert.True(_mayEnd, $"{name}: a connection ended, of {target} and {_answered} answers");
        _heardOfTheEnd = true;
        if (target is not null)
        {
            Unanswered.Enqueue(target);
        }
    }
}
