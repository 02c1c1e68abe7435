using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A door that opens once: scripts wait at it, the test opens it. Stands where others would sleep.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsOpen => _opened.Task.IsCompleted;

    public void Open() => _opened.TrySetResult();

    public Task PassAsync(string what = "a gate") => _opened.Task.Within(what);
}
