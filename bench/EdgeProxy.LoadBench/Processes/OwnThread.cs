using System;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>A loop that must not share its thread with the harness.</summary>
internal static class OwnThread
{
    public static Task<T> RunAsync<T>(Func<T> run, ulong cores)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            Cores.PinThisThread(cores);
            try
            {
                done.SetResult(run());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        return done.Task;
    }
}
