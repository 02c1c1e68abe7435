using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// The server's side of load: each target is said back, some at length. Those that begin with "/held" wait for the
/// test.
/// </summary>
internal sealed class LoadAnswers
{
    private const int LongBytes = 3000;
    private int _heldCount;

    /// <summary>Requests that wait.</summary>
    public int HeldCount => Volatile.Read(ref _heldCount);

    public Gate Release { get; } = new();

    public static int Length(string target) => target.EndsWith('7') ? LongBytes : target.Length;

    public async Task AnswerAsync(RawConnection connection)
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            if (request.Target.StartsWith("/held", System.StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _heldCount);
                await Release.PassAsync("the test to let requests go on");
            }

            string target = request.Body.Length is 0 or LoadHttp1.UploadBytes ? request.Target : "/cut-short";
            await connection.AnswerAsync(target.PadRight(Length(target), '.'));
        }
    }
}
